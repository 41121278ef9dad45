"""The files that a Dataset's source names: found, versioned, and brought here one by one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plumbline.api.v1alpha1.dataset import DataSource
from plumbline.jobs import globs, web
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.places import Places
from plumbline.store import (
    BucketMissing,
    CredentialsRefused,
    Entry,
    Location,
    Missing,
    Objects,
    StoreError,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the source.

    Attributes:
        source: its address, as the manifest shows it.
        version: a word that changes when its bytes do; empty when the source cannot tell.
        bytes: its size; -1 when the source cannot tell.
    """

    source: str
    version: str
    bytes: int


class Source:
    """A place that can be listed and fetched from."""

    def parts(self) -> list[Part]:
        """Return the files in order of their names; at least one."""
        raise NotImplementedError

    def fetch(self, part: Part, path: Path) -> None:
        """Write one file to `path`."""
        raise NotImplementedError


def open_source(
    source: DataSource, places: Places, environment: Mapping[str, str] = os.environ
) -> Source:
    """Return the source that the spec names."""
    if source.config_map:
        return MountedSource(source.config_map.name, places.at(f"/source/{source.config_map.key}"))
    if (source.uri or "").startswith(("http://", "https://")):
        return WebSource(source.uri or "")
    return BucketSource(source.uri or "", _environment(source, environment))


@dataclass(frozen=True, slots=True)
class MountedSource(Source):
    """One key of a ConfigMap, mounted as a file."""

    name: str
    path: Path

    def parts(self) -> list[Part]:
        """Return the one file, or say that the key is not there."""
        if not self.path.is_file():
            raise JobFailed(
                "SourceNotFound",
                f"ConfigMap {self.name} has no key {self.path.name}; add it or mend "
                "spec.source.configMap.key.",
            )
        return [Part(f"configMap://{self.name}/{self.path.name}", "", self.path.stat().st_size)]

    def fetch(self, part: Part, path: Path) -> None:
        """Copy the file."""
        path.write_bytes(self.path.read_bytes())


@dataclass(frozen=True, slots=True)
class WebSource(Source):
    """One file behind http(s), which cannot be listed."""

    url: str

    def parts(self) -> list[Part]:
        """Return the one file with its ETag or date."""
        if "*" in self.url:
            raise JobFailed(
                "SourceInvalid",
                f"{self.url}: http cannot list files, so a wildcard cannot be resolved; name one "
                "file, or put the files under s3://.",
            )
        version, size = web.look(self.url)
        return [Part(self.url, version, size)]

    def fetch(self, part: Part, path: Path) -> None:
        """Download the file."""
        web.download(part.source, path)


@dataclass(frozen=True, slots=True)
class BucketSource(Source):
    """Files in a bucket (or, for tests, a folder), named by a glob."""

    url: str
    environment: Mapping[str, str]

    def parts(self) -> list[Part]:
        """Return the matching files in order of their names."""
        try:
            entries = self._entries()
        except StoreError as error:
            raise _told(error, self.url) from error
        if not entries:
            raise JobFailed(
                "SourceNotFound",
                f"{self.url} matches no file; mend spec.source.uri or put the files there.",
            )
        return [Part(f"{self._root}/{e.key}", f"{e.version}/{e.bytes}", e.bytes) for e in entries]

    def fetch(self, part: Part, path: Path) -> None:
        """Download one file."""
        key = part.source.removeprefix(f"{self._root}/")
        try:
            self._objects().download(key, path, None)
        except StoreError as error:
            raise _told(error, part.source) from error

    def _entries(self) -> list[Entry]:
        if not globs.is_glob(self._path):
            return [self._objects().entry(self._path)]
        matches = globs.matcher(self._path)
        found = self._objects().entries(globs.folder_of(self._path))
        return [entry for entry in found if matches.match(entry.key)]

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


def _environment(source: DataSource, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the source's own credentials if it names a Secret, else the store's."""
    if source.secret_ref is None:
        return dict(environment)
    return {
        name.removeprefix("SOURCE_"): value
        for name, value in environment.items()
        if name.startswith("SOURCE_AWS_")
    }


def _told(error: StoreError, url: str) -> JobFailed:
    """Return a bucket's error in the words of the source."""
    if isinstance(error, Missing):
        return JobFailed("SourceNotFound", f"{url} is not there; mend spec.source.uri.")
    if isinstance(error, BucketMissing):
        return JobFailed("SourceNotFound", f"{url}: there is no such bucket; mend spec.source.uri.")
    if isinstance(error, CredentialsRefused):
        return JobFailed("SourceForbidden", f"{url} cannot be read: {error}")
    return JobFailed("SourceUnreachable", f"{url} cannot be read: {error}", retry=True)
