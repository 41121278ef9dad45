"""What a source is: files that can be listed and downloaded one by one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the source.

    Attributes:
        source: its address, as the manifest shows it.
        version: changes when the bytes change; empty when the source does not give one.
        bytes: its size; -1 when the source does not give it.
    """

    source: str
    version: str
    bytes: int


class Source(Protocol):
    """A place with files."""

    def files(self) -> list[SourceFile]:
        """Return the files in order of their names; at least one."""

    def fetch(self, file: SourceFile, path: Path) -> None:
        """Download one file to `path`, in the version that `files` returned."""
