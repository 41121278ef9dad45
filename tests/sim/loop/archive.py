"""The store in memory: what Jobs have left there, while it answers."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from plumbline.store import Missing
from plumbline.store.errors import Unreachable


class Archive:
    """Manifests by digest, and the newest one of each Job.

    Attributes:
        away: whether nobody answers.
    """

    def __init__(self) -> None:
        self.manifests: dict[str, Mapping[str, Any]] = {}
        self.pointers: dict[str, str] = {}
        self.away = False

    def put(self, manifest: Mapping[str, Any], *, digest: str | None = None) -> str:
        """Keep a manifest under this digest, or under its own where that stands for another."""
        text = json.dumps(manifest, sort_keys=True)
        if digest is None or self.manifests.get(digest, manifest) != manifest:
            digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self.manifests[digest] = manifest
        return digest

    def get_manifest(self, digest: str) -> Mapping[str, Any]:
        self._answer()
        if digest not in self.manifests:
            raise Missing(f"reading manifest {digest}: not found")
        return self.manifests[digest]

    def last_pointer(self, name: str) -> str | None:
        self._answer()
        return self.pointers.get(name)

    def _answer(self) -> None:
        if self.away:
            raise Unreachable("reading the store: it does not answer")
