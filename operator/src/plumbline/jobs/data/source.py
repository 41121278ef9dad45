"""What a source is: files that can be found and brought here one by one."""

from dataclasses import dataclass
from pathlib import Path


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
        """Write one file to `path`, of the version that `parts` saw."""
        raise NotImplementedError
