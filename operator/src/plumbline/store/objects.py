"""Keys and bytes in one location: writes that never overwrite, and reads with a size limit."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from plumbline.store.bucket import create_bucket
from plumbline.store.errors import BucketMissing, Changed, Missing, TooLarge, translated
from plumbline.store.location import Location

if TYPE_CHECKING:
    from obstore import ObjectMeta

_ONE_PUT_BYTES = 64 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One object: its key, its size, and a version that changes with its bytes."""

    key: str
    bytes: int
    version: str


class Objects:
    """The objects in one location, by key."""

    def __init__(self, location: Location) -> None:
        self.location = location
        with self._translated("open the store"):
            self._client = location.connect()

    def create(self, key: str, content: bytes | Path, doing: str) -> None:
        """Write a key that never changes afterwards; if it exists, leave it."""
        try:
            self._put(key, content, doing)
        except BucketMissing:
            if not isinstance(self._client, S3Store):
                raise
            create_bucket(self.location, self._client)
            self._put(key, content, doing)

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return at most `limit_bytes`, or raise `TooLarge` before reading any."""
        with self._translated(f"read {short(key)}"):
            answer = obstore.get(self._client, self._key(key))
            self._check_size(answer.meta["size"], limit_bytes, key)
            return bytes(answer.bytes())

    def download(
        self, key: str, path: Path, limit_bytes: int | None, version: str | None = None
    ) -> str:
        """Write the bytes (of this version, if given) to `path` and return their digest."""
        hasher = hashlib.sha256()
        with self._translated(f"read {short(key)}"), path.open("wb") as file:
            answer = obstore.get(self._client, self._key(key))
            self._check_size(answer.meta["size"], limit_bytes, key)
            self._check_version(version, _entry(answer.meta).version, key)
            for chunk in answer.stream():
                hasher.update(chunk)
                file.write(chunk)
        return f"sha256:{hasher.hexdigest()}"

    def exists(self, key: str) -> bool:
        """Return whether the key exists."""
        try:
            with self._translated(f"find {short(key)}"):
                obstore.head(self._client, self._key(key))
        except (Missing, BucketMissing):
            return False
        return True

    def entry(self, key: str) -> Entry:
        """Return the entry of one key, or raise `Missing`."""
        with self._translated(f"find {short(key)}"):
            return _entry(obstore.head(self._client, self._key(key)))

    def entries(self, prefix: str) -> list[Entry]:
        """Return everything below a folder, sorted by key."""
        with self._translated(f"list {prefix or '/'}"):
            pages = obstore.list(self._client, prefix or None, chunk_size=1000)
            return sorted(_entry(meta) for page in pages for meta in page)

    def _put(self, key: str, content: bytes | Path, doing: str) -> None:
        with self._translated(doing):
            if isinstance(content, Path) and content.stat().st_size > _ONE_PUT_BYTES:
                self._put_large(key, content)
                return
            try:
                obstore.put(self._client, self._key(key), content, mode="create")
            except AlreadyExistsError:
                return

    def _put_large(self, key: str, path: Path) -> None:
        """Send a file in parts. That cannot be conditional, but the key is a digest anyway."""
        if not self.exists(key):
            obstore.put(self._client, self._key(key), path, chunk_size=16 << 20, max_concurrency=4)

    def _check_size(self, size_bytes: int, limit_bytes: int | None, key: str) -> None:
        if limit_bytes is not None and size_bytes > limit_bytes:
            raise TooLarge(
                f"Cannot read {short(key)} in {self.location}: it has {size_bytes} bytes; the "
                f"limit is {limit_bytes}. Use fewer files, or train a smaller model."
            )

    def _check_version(self, wanted: str | None, found: str, key: str) -> None:
        if wanted is not None and wanted != found:
            raise Changed(f"{short(key)} in {self.location} changed while it was read. Try again.")

    def _key(self, key: str) -> str:
        prefix = self.location.prefix
        return f"{prefix}/{key}" if prefix else key

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        with translated(doing, str(self.location)):
            yield


def short(key: str) -> str:
    """Return the key for messages: of a digest in it, the first digits."""
    return _DIGEST.sub(lambda digest: digest[0][:12], key)


def _entry(meta: "ObjectMeta") -> Entry:
    # The number of a version is not in every answer; the ETag is.
    return Entry(meta["path"], meta["size"], meta["e_tag"] or meta["version"] or "")
