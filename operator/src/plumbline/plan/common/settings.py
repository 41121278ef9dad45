"""The settings of the operator that plans depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the operator that plans depend on.

    Attributes:
        trainer_image: image of our own steps in Jobs and of the built-in trainer.
        server_image: image of serving pods, unless a deployment names its own.
        image_pull_policy: pull policy of both.
        store_url: address of a namespace's part of the store, with `{namespace}` in it.
        store_environment: variables that every step needs to reach the store, without secrets.
        log_environment: log settings of steps and servers; empty for the defaults.
        namespaces: namespaces that have the store's Secret.
    """

    trainer_image: str
    server_image: str
    image_pull_policy: str = "IfNotPresent"
    store_url: str = "s3://plumbline-{namespace}"
    store_environment: Mapping[str, str] = field(default_factory=dict)
    log_environment: Mapping[str, str] = field(default_factory=dict)
    namespaces: frozenset[str] = frozenset()

    def store_url_of(self, namespace: str) -> str:
        """Return the address of a namespace's part of the store."""
        return self.store_url.replace("{namespace}", namespace)
