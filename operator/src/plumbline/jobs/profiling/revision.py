"""All rows of a fetch in one table, with the values that had another type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from plumbline.jobs.data.digest import Hashes, row_hashes
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.data.types import Mask


@dataclass(frozen=True, slots=True)
class Revision:
    """The rows that were read.

    Attributes:
        loaded: the files.
        frame: all rows in order of the files.
        hashes: a hash of each row.
    """

    loaded: Sequence[Loaded]
    frame: pl.DataFrame
    hashes: Hashes

    @classmethod
    def of(cls, loaded: Sequence[Loaded]) -> Self:
        """Join the rows of all files."""
        frame = pl.concat([each.table.frame for each in loaded])
        return cls(loaded, frame, row_hashes(frame))

    @property
    def bad_values(self) -> Mapping[str, Mask]:
        """For each column with values of another type, the rows where they are."""
        names = sorted({name for each in self.loaded for name in each.table.bad})
        return {name: pl.concat([_bad_in(each, name) for each in self.loaded]) for name in names}


def _bad_in(loaded: Loaded, name: str) -> Mask:
    none = pl.repeat(False, loaded.table.frame.height, eager=True)
    return loaded.table.bad.get(name, none).alias(name)
