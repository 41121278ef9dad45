"""The source that a spec names: a bucket, a web server or a ConfigMap."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.api.v1alpha1.dataset import DataSource
from plumbline.jobs.data.bucket_source import BucketSource
from plumbline.jobs.data.source import Source, SourceFile
from plumbline.jobs.data.web_source import WebSource
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.paths import Paths


def open_source(
    source: DataSource, paths: Paths, environment: Mapping[str, str] = os.environ
) -> Source:
    """Return the source that the spec names."""
    if source.config_map:
        return MountedSource(source.config_map.name, paths.at(f"/source/{source.config_map.key}"))
    uri = source.uri or ""
    _check(uri)
    if uri.startswith(("http://", "https://")):
        return WebSource(uri)
    return BucketSource(uri, _environment(source, environment))


def _check(uri: str) -> None:
    """Refuse an invalid address without showing it, because it may have a password in it."""
    try:
        parts = urlsplit(uri)
        is_good = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        message = "spec.source.uri is not a valid address. Write s3://bucket/path or "
        raise JobFailed("SourceInvalid", f"{message}https://host/path, without user and password.")


@dataclass(frozen=True, slots=True)
class MountedSource:
    """One key of a ConfigMap, mounted as a file."""

    name: str
    path: Path

    def files(self) -> list[SourceFile]:
        """Return the one file."""
        if not self.path.is_file():
            raise JobFailed(
                "SourceNotFound",
                f"ConfigMap {self.name} has no key {self.path.name}. Add it, or fix "
                "spec.source.configMap.key.",
            )
        return [
            SourceFile(f"configMap://{self.name}/{self.path.name}", "", self.path.stat().st_size)
        ]

    def fetch(self, file: SourceFile, path: Path) -> None:
        """Copy the file."""
        shutil.copyfile(self.path, path)


def _environment(source: DataSource, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the credentials of the source's Secret if it names one, else those of the store."""
    if source.secret_ref is None:
        return dict(environment)
    return {
        name.removeprefix("SOURCE_"): value
        for name, value in environment.items()
        if name.startswith("SOURCE_AWS_")
    }
