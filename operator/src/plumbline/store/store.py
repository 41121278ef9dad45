"""The store of a namespace: blobs and manifests by digest, verified on each read, and results."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from plumbline.store import digests
from plumbline.store.errors import BucketMissing, Damaged, Missing, StoreError, TooLarge
from plumbline.store.location import Location
from plumbline.store.objects import Objects, short

URL_VARIABLE = "PLUMBLINE_STORE_URL"
_MANIFEST_LIMIT_BYTES = 32 << 20
# Of a digest in a message: sha256: and 12 digits.
_SHOWN = 19


class Store:
    """Blobs, manifests and pointers; nothing that is written ever changes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    @classmethod
    def open(cls, url: str | None = None, *, environment: Mapping[str, str] | None = None) -> Self:
        """Open the store at `url`, or at PLUMBLINE_STORE_URL.

        Raises:
            StoreError: there is no URL, or it cannot be a store.
        """
        known = dict(os.environ if environment is None else environment)
        chosen = url or known.get(URL_VARIABLE, "")
        if not chosen:
            raise StoreError(
                f"No store is configured. Set {URL_VARIABLE}, such as s3://bucket/prefix."
            )
        return cls(Objects(Location(chosen, known)))

    def put_blob(self, content: bytes | Path) -> str:
        """Store these bytes (or this file), once, and return their digest."""
        digest = (
            digests.of_file(content) if isinstance(content, Path) else digests.of_bytes(content)
        )
        self._objects.create(_blob_key(digest), content, f"write blob {digest[:_SHOWN]}")
        return digest

    def get_blob(self, digest: str, *, limit_bytes: int) -> bytes:
        """Return a blob of at most `limit_bytes`, verified."""
        return self._verified(_blob_key(digest), digest, limit_bytes)

    def has_blob(self, digest: str) -> bool:
        """Return whether the blob exists; its bytes are verified only when they are read."""
        return self._objects.exists(_blob_key(digest))

    def download_blob(self, digest: str, path: Path, *, limit_bytes: int | None = None) -> None:
        """Write a blob to `path`; the file gets this name only after it is verified."""
        partial = path.with_name(path.name + ".partial")
        found = self._objects.download(_blob_key(digest), partial, limit_bytes)
        self._same(digest, found, _blob_key(digest))
        partial.replace(path)

    def put_manifest(self, manifest: Mapping[str, Any]) -> str:
        """Store a manifest and return its digest; one that is too large to read is refused."""
        content = digests.canonical(manifest)
        digest = digests.of_bytes(content)
        if len(content) > _MANIFEST_LIMIT_BYTES:
            raise TooLarge(
                f"Cannot write manifest {digest[:_SHOWN]}: it has {len(content)} bytes; the limit "
                f"is {_MANIFEST_LIMIT_BYTES}. Put the data into fewer files."
            )
        self._objects.create(_manifest_key(digest), content, f"write manifest {digest[:_SHOWN]}")
        return digest

    def get_manifest(self, digest: str) -> dict[str, Any]:
        """Return a manifest, verified."""
        key = _manifest_key(digest)
        found = json.loads(self._verified(key, digest, _MANIFEST_LIMIT_BYTES))
        if not isinstance(found, dict):
            raise Damaged(f"{_place(key, self._objects)} is not a manifest.")
        return found

    def put_pointer(self, name: str, digest: str) -> None:
        """Let `name` point at `digest` for ever; a second call for a name changes nothing."""
        digests.hex_of(digest)
        self._objects.create(_pointer_key(name), digest.encode(), f"write result {name}")

    def get_pointer(self, name: str) -> str | None:
        """Return the digest that `name` points at, or None."""
        key = _pointer_key(name)
        try:
            digest = self._objects.read(key, 200).decode("ascii", "replace").strip()
            digests.hex_of(digest)
        except (Missing, BucketMissing):
            return None
        except ValueError as error:
            raise Damaged(f"{_place(key, self._objects)} is damaged: {error}.") from error
        return digest

    def add_pointer(self, name: str, digest: str) -> None:
        """Let `name` point at `digest` from now on; earlier pointers are kept."""
        self.put_pointer(_nth(name, len(self._pointers(name)) + 1), digest)

    def last_pointer(self, name: str) -> str | None:
        """Return the newest digest that `name` points at, or None."""
        return next(reversed(self._pointers(name)), None)

    def _pointers(self, name: str) -> list[str]:
        """Return all digests that `name` has pointed at, in order."""
        found: list[str] = []
        while digest := self.get_pointer(_nth(name, len(found) + 1)):
            found.append(digest)
        return found

    def _verified(self, key: str, digest: str, limit_bytes: int) -> bytes:
        content = self._objects.read(key, limit_bytes)
        self._same(digest, digests.of_bytes(content), key)
        return content

    def _same(self, wanted: str, found: str, key: str) -> None:
        if wanted != found:
            raise Damaged(
                f"{_place(key, self._objects)} does not match its digest: it was changed or cut. "
                "Restore it, or make it again."
            )


def _place(key: str, objects: Objects) -> str:
    return f"{short(key)} in {objects.location}"


def _blob_key(digest: str) -> str:
    name = digests.hex_of(digest)
    return f"blobs/sha256/{name[:2]}/{name}"


def _manifest_key(digest: str) -> str:
    return f"manifests/{digests.hex_of(digest)}.json"


def _pointer_key(name: str) -> str:
    if not name or name[0] == "." or not all(c.isalnum() or c in "-._" for c in name):
        raise ValueError(f"not a result's name: {name[:80]!r}; use letters, digits, '-', '.', '_'")
    return f"results/{name}"


def _nth(name: str, number: int) -> str:
    return name if number == 1 else f"{name}.{number}"
