"""The settings of the operator, read once from the environment at its start.

A missing or invalid variable stops the start with a sentence that names it. The chart sets all of
them, so this happens only when the operator is started by hand.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.log_lines import passed_on
from plumbline.plan.common.settings import Settings


class SettingsError(ValueError):
    """An environment variable is missing or invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """The settings of this process.

    Attributes:
        for_plans: the settings that plans depend on.
        namespace: namespace of the operator itself and of its Lease.
        identity: name of this replica in the Lease.
        workers: number of concurrent reconciles.
        probe_port: port of /livez and /readyz.
        metrics_port: port of /metrics.
    """

    for_plans: Settings
    namespace: str
    identity: str
    workers: int = 16
    probe_port: int = 8081
    metrics_port: int = 8080


def from_environment(environment: Mapping[str, str] = os.environ) -> ProcessSettings:
    """Return the settings of this process.

    Raises:
        SettingsError: a variable is missing or not a number.
    """
    return ProcessSettings(
        for_plans=plan_settings(environment),
        namespace=environment.get("POD_NAMESPACE", "plumbline-system"),
        identity=environment.get("POD_NAME", socket.gethostname()),
        workers=_number(environment, "PLUMBLINE_WORKERS", 16),
        probe_port=_number(environment, "PLUMBLINE_PROBE_PORT", 8081),
        metrics_port=_number(environment, "PLUMBLINE_METRICS_PORT", 8080),
    )


def plan_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that plans depend on."""
    names = environment.get("PLUMBLINE_NAMESPACES", "").split(",")
    return Settings(
        trainer_image=_needed(environment, "PLUMBLINE_TRAINER_IMAGE"),
        server_image=_needed(environment, "PLUMBLINE_SERVER_IMAGE"),
        image_pull_policy=environment.get("PLUMBLINE_IMAGE_PULL_POLICY", "IfNotPresent"),
        store_url=_needed(environment, "PLUMBLINE_STORE_URL"),
        store_environment=_store_environment(environment),
        log_environment=passed_on(environment),
        namespaces=frozenset(name.strip() for name in names if name.strip()),
    )


def _store_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which a step finds the store; its keys come from a Secret."""
    found = {"AWS_REGION": environment.get("PLUMBLINE_STORE_REGION", "us-east-1")}
    if endpoint := environment.get("PLUMBLINE_STORE_ENDPOINT"):
        found["AWS_ENDPOINT_URL"] = endpoint
        found["AWS_ALLOW_HTTP"] = "true" if endpoint.startswith("http://") else "false"
    return found


def _needed(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, ""):
        return value
    raise SettingsError(f"environment variable {name} is missing: the Helm chart sets it")


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"environment variable {name} is {text!r}, not a number") from None
