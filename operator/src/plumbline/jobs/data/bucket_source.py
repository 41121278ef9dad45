"""Files in a bucket, named by a key or a glob."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plumbline.jobs.data import globs
from plumbline.jobs.data.source import SourceFile
from plumbline.jobs.failures import JobFailed
from plumbline.store import (
    BucketMissing,
    Changed,
    CredentialsRefused,
    Entry,
    Location,
    Missing,
    Objects,
    StoreError,
)


@dataclass(frozen=True, slots=True)
class BucketSource:
    """Files in a bucket (or, for tests, a folder), named by a glob."""

    url: str
    environment: Mapping[str, str]

    def files(self) -> list[SourceFile]:
        """Return the matching files in order of their names."""
        self._check()
        try:
            entries = self._entries()
        except StoreError as error:
            raise _told(error, self.url) from error
        if not entries:
            raise JobFailed(
                "SourceNotFound",
                f"{self.url} matches no file. Fix spec.source.uri, or put the files there.",
            )
        return [SourceFile(f"{self._root}/{e.key}", e.version, e.bytes) for e in entries]

    def fetch(self, file: SourceFile, path: Path) -> None:
        """Download one file."""
        key = file.source.removeprefix(f"{self._root}/")
        try:
            self._objects().download(key, path, None, file.version)
        except StoreError as error:
            raise _told(error, file.source) from error

    def _check(self) -> None:
        """Refuse an address without a key: the list of the bucket would be read as a file."""
        if not self._path or {"", ".", ".."} & set(self._path.split("/")):
            advice = f"For all files of the folder, write {self.url.rstrip('/')}/*.csv."
            if not self.url.endswith("/") and self._path:
                advice = "Remove //, /./ and /../ from its path."
            raise JobFailed("SourceInvalid", f"{self.url} does not name a file. {advice}")

    def _entries(self) -> list[Entry]:
        if not globs.is_glob(self._path):
            return [self._objects().entry(self._path)]
        matches = globs.matcher(self._path)
        found = self._objects().entries(globs.folder_of(self._path))
        return [each for each in found if matches.match(each.key) and self._is_file(each)]

    def _is_file(self, entry: Entry) -> bool:
        """Whether an entry is a file, not the empty object that some tools make for a folder."""
        return entry.bytes > 0 or self._objects().exists(entry.key)

    def _objects(self) -> Objects:
        return Objects(Location(self._root + "/", self.environment))

    @property
    def _root(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def _path(self) -> str:
        rest = self.url.removeprefix(self._root)
        return unquote(rest).lstrip("/")


def _told(error: StoreError, url: str) -> JobFailed:
    """Return the error of a bucket with the reason and the advice of a source."""
    if isinstance(error, Missing):
        advice = f"Fix spec.source.uri; for all files of a folder, write {url}/*.csv"
        return JobFailed("SourceNotFound", f"{url} does not exist. {advice}.")
    if isinstance(error, BucketMissing):
        message = f"The bucket of {url} does not exist. Fix spec.source.uri."
        return JobFailed("SourceNotFound", message)
    if isinstance(error, CredentialsRefused):
        return JobFailed("SourceForbidden", f"Access to {url} is refused. {error}")
    if isinstance(error, Changed):
        message = f"{url} changed while it was read. It is read again."
        return JobFailed("SourceChanged", message, retry=True)
    return JobFailed("SourceUnreachable", f"{url} cannot be read. {error}", retry=True)
