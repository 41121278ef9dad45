"""All rows of a fetch, in one table, with what was wrong in their files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from plumbline.jobs.data.digest import Hashes, row_hashes
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.data.types import Mask


@dataclass(frozen=True, slots=True)
class Revision:
    """What was read.

    Attributes:
        loaded: the files.
        frame: all rows in order of the files.
        hashes: what identifies each row.
    """

    loaded: Sequence[Loaded]
    frame: pl.DataFrame
    hashes: Hashes

    @classmethod
    def of(cls, loaded: Sequence[Loaded]) -> Self:
        """Bring the rows of all files together."""
        frame = pl.concat([each.table.frame for each in loaded])
        return cls(loaded, frame, row_hashes(frame))

    @property
    def bad_values(self) -> Mapping[str, Mask]:
        """Where the values of another type were, for each column that had some."""
        names = sorted({name for each in self.loaded for name in each.table.bad})
        return {name: pl.concat([_bad_in(each, name) for each in self.loaded]) for name in names}


def _bad_in(loaded: Loaded, name: str) -> Mask:
    none = pl.repeat(False, loaded.table.frame.height, eager=True)
    return loaded.table.bad.get(name, none).alias(name)
