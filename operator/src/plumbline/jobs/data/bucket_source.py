"""Files in a bucket, named by a key or a glob."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plumbline.jobs.data import globs
from plumbline.jobs.data.source import Part, Source
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
class BucketSource(Source):
    """Files in a bucket (or, for tests, a folder), named by a glob."""

    url: str
    environment: Mapping[str, str]

    def parts(self) -> list[Part]:
        """Return the matching files in order of their names."""
        self._check()
        try:
            entries = self._entries()
        except StoreError as error:
            raise _told(error, self.url) from error
        if not entries:
            raise JobFailed(
                "SourceNotFound",
                f"{self.url} matches no file; mend spec.source.uri or put the files there.",
            )
        return [Part(f"{self._root}/{e.key}", e.version, e.bytes) for e in entries]

    def fetch(self, part: Part, path: Path) -> None:
        """Download one file."""
        key = part.source.removeprefix(f"{self._root}/")
        try:
            self._objects().download(key, path, None, part.version)
        except StoreError as error:
            raise _told(error, part.source) from error

    def _check(self) -> None:
        """Refuse what can be no key: without it, the bucket's own list would be read as a file."""
        if not self._path or {"", ".", ".."} & set(self._path.split("/")):
            raise JobFailed(
                "SourceInvalid",
                f"{self.url} names no file; for all files of a folder write "
                f"{self._root}/folder/*.csv, without empty steps, . and .. in it.",
            )

    def _entries(self) -> list[Entry]:
        if not globs.is_glob(self._path):
            return [self._objects().entry(self._path)]
        matches = globs.matcher(self._path)
        found = self._objects().entries(globs.folder_of(self._path))
        return [each for each in found if matches.match(each.key) and self._is_file(each)]

    def _is_file(self, entry: Entry) -> bool:
        """Whether an entry is more than the mark of a folder, which is listed without its slash."""
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
    """Return a bucket's error in the words of the source."""
    if isinstance(error, Missing):
        advice = f"mend spec.source.uri; for all files of a folder write {url}/*.csv"
        return JobFailed("SourceNotFound", f"{url} is not there; {advice}.")
    if isinstance(error, BucketMissing):
        return JobFailed("SourceNotFound", f"{url}: there is no such bucket; mend spec.source.uri.")
    if isinstance(error, CredentialsRefused):
        return JobFailed("SourceForbidden", f"{url} cannot be read: {error}")
    if isinstance(error, Changed):
        return JobFailed("SourceChanged", f"{url} changed while it was read.", retry=True)
    return JobFailed("SourceUnreachable", f"{url} cannot be read: {error}", retry=True)
