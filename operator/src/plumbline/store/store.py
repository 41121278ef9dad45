"""One namespace's store: blobs and manifests by digest, results by name, verified on each read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from plumbline.store import digests
from plumbline.store.errors import BucketMissing, Damaged, Missing, StoreError, TooLarge
from plumbline.store.location import Location
from plumbline.store.objects import Objects

URL_VARIABLE = "PLUMBLINE_STORE_URL"
_MANIFEST_LIMIT_BYTES = 32 << 20


class Store:
    """Blobs, manifests and pointers; whatever is written once never changes."""

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
            raise StoreError(f"no store: set {URL_VARIABLE}, such as s3://bucket/prefix.")
        return cls(Objects(Location(chosen, known)))

    def put_blob(self, content: bytes | Path) -> str:
        """Keep these bytes (or this file) and return their digest; twice is once."""
        digest = (
            digests.of_file(content) if isinstance(content, Path) else digests.of_bytes(content)
        )
        self._objects.create(_blob_key(digest), content, f"writing blob {digest}")
        return digest

    def get_blob(self, digest: str, *, limit_bytes: int) -> bytes:
        """Return a blob of at most `limit_bytes`, verified."""
        return self._verified(_blob_key(digest), digest, limit_bytes)

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is there; its bytes are only verified when they are read."""
        return self._objects.exists(_blob_key(digest))

    def download_blob(self, digest: str, path: Path, *, limit_bytes: int | None = None) -> None:
        """Write a blob to `path`; the file only appears under its name when it is verified."""
        partial = path.with_name(path.name + ".partial")
        found = self._objects.download(_blob_key(digest), partial, limit_bytes)
        self._same(digest, found, _blob_key(digest))
        partial.replace(path)

    def put_manifest(self, manifest: Mapping[str, Any]) -> str:
        """Keep a manifest and return its digest; one that nobody would read is refused."""
        content = digests.canonical(manifest)
        digest = digests.of_bytes(content)
        if len(content) > _MANIFEST_LIMIT_BYTES:
            raise TooLarge(
                f"writing manifest {digest}: {len(content)} bytes, more than the "
                f"{_MANIFEST_LIMIT_BYTES} that are read; bring the data in fewer files."
            )
        self._objects.create(_manifest_key(digest), content, f"writing manifest {digest}")
        return digest

    def get_manifest(self, digest: str) -> dict[str, Any]:
        """Return a manifest, verified."""
        key = _manifest_key(digest)
        found = json.loads(self._verified(key, digest, _MANIFEST_LIMIT_BYTES))
        if not isinstance(found, dict):
            raise Damaged(f"reading {key} in {self._objects.location}: not a manifest.")
        return found

    def put_pointer(self, name: str, digest: str) -> None:
        """Say once and for all that `name` is `digest`; a second word is not heard."""
        digests.hex_of(digest)
        self._objects.create(_pointer_key(name), digest.encode(), f"writing result {name}")

    def get_pointer(self, name: str) -> str | None:
        """Return what `name` points at, or None."""
        key = _pointer_key(name)
        try:
            digest = self._objects.read(key, 200).decode("ascii", "replace").strip()
            digests.hex_of(digest)
        except (Missing, BucketMissing):
            return None
        except ValueError as error:
            raise Damaged(f"reading {key} in {self._objects.location}: {error}.") from error
        return digest

    def add_pointer(self, name: str, digest: str) -> None:
        """Say that `name` is `digest` from now on; what was said before is kept beside it."""
        self.put_pointer(_nth(name, len(self._pointers(name)) + 1), digest)

    def last_pointer(self, name: str) -> str | None:
        """Return what was said last of `name`, or None."""
        return next(reversed(self._pointers(name)), None)

    def _pointers(self, name: str) -> list[str]:
        """Return all that was said of `name`, in order."""
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
                f"reading {key} in {self._objects.location}: its bytes are {found}, not {wanted}; "
                "the object was changed or cut; restore it, or make it again."
            )


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
