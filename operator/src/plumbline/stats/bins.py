"""How a column is counted: the cells of a reference, and their order in one vector of all columns.

A number column has a cell for each value that has a tenth of the rows, or for each value if it has
few; cells between the deciles of the others; two cells below and two above, which begin a tenth of
the reference's range and three ranges outside its minimum and maximum; and one for missing values.
A category column has a cell for each frequent value, ten for its other values by hash, one for
unseen values, and one for missing values. `cells` chooses them. A number column also has cells of
values, see `values`.

Counts add up: over rows, replicas, seconds and days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.cells import hashed_cell, place
from plumbline.stats.table import Table

PREDICTION = "__prediction"
"""Name of the column with a model's predictions."""
VALUE_CELLS = 16
Counts = NDArray[np.int64]
# A window size in rows and two numbers about it; what they are differs, see `ColumnBins`.
Spikes = tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ColumnBins:
    """The cells of one column and their counts in the reference.

    Attributes:
        edges: for numbers: upper edges of all cells but the last, including the outer ones.
        outer: number of cells below, and above. References of older releases have one.
        categories: for categories: values with a cell each.
        rare: the other values of the reference.
        hashed: number of cells of these. References of older releases have one.
        known_share: share of other texts, by hash, of which `rare` has all of the reference. Only
            of these it is known whether the reference has them; the rest counts as if it had.
        counts: rows of the reference in each cell.
        value_counts: rows of the reference in each cell of values; older releases have none.
        ordered: whether its rows were in time order. If not, they were in an order by hash, which
            does not show how alike neighbouring live rows are; then `overdispersion` is empty.
        overdispersion: (rows, factor, evenness): chi-square of the reference's windows of so many
            rows, as a multiple of that of independent rows, and its evenness; see `reference`.
        null_spike: (rows, share, factor): largest share of missing values in a window of so many
            rows, and their overdispersion.
        value_spike: (rows, share, factor): largest share of one value in a window of so many rows
            that have a value, and the overdispersion of values; see `values`.
    """

    name: str
    kind: Literal["number", "category"]
    edges: tuple[float, ...] = ()
    outer: int = 1
    categories: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    hashed: int = 1
    known_share: float = 1.0
    counts: tuple[int, ...]
    value_counts: tuple[int, ...] = ()
    ordered: bool = True
    overdispersion: Spikes = ()
    null_spike: Spikes = ()
    value_spike: Spikes = ()

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.counts)

    @property
    def rows(self) -> int:
        """Number of rows of the reference."""
        return sum(self.counts)

    @cached_property
    def novel(self) -> tuple[int, ...]:
        """Cells of values that the reference hardly has: below, above, or unseen values."""
        if self.kind == "category":
            return (self.size - 2,)
        return (*range(self.outer), *range(self.size - 1 - self.outer, self.size - 1))

    @property
    def single(self) -> int:
        """Number of cells, the first ones, that one or a few categories share."""
        return len(self.categories) + (self.hashed if self.hashed > 1 else 0)

    @cached_property
    def codes(self) -> "Codes":
        """Cell of each category."""
        return Codes(self)

    def to_json(self) -> dict[str, Any]:
        """Return the bins as JSON."""
        found: dict[str, Any] = {"name": self.name, "kind": self.kind, "counts": list(self.counts)}
        if self.kind == "number":
            found |= {"edges": list(self.edges), "outer": self.outer}
            found["valueCounts"] = list(self.value_counts)
        else:
            found |= {"categories": list(self.categories), "rare": sorted(self.rare)}
            found |= {"hashed": self.hashed, "knownShare": self.known_share}
        found["ordered"] = self.ordered
        found["overdispersion"] = [list(one) for one in self.overdispersion]
        found["nullSpike"] = [list(one) for one in self.null_spike]
        found["valueSpike"] = [list(one) for one in self.value_spike]
        return found

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> "ColumnBins":
        """Return the bins that JSON describes."""
        return ColumnBins(
            name=found["name"],
            kind=found["kind"],
            edges=tuple(found.get("edges", ())),
            outer=int(found.get("outer", 1)),
            value_counts=tuple(found.get("valueCounts", ())),
            categories=tuple(found.get("categories", ())),
            rare=frozenset(found.get("rare", ())),
            hashed=int(found.get("hashed", 1)),
            known_share=float(found.get("knownShare", 1.0)),
            counts=tuple(found["counts"]),
            ordered=bool(found.get("ordered", True)),
            overdispersion=_triples(found["overdispersion"]),
            null_spike=_triples(found["nullSpike"]),
            value_spike=_triples(found.get("valueSpike", ())),
        )


class Codes(dict[str, int]):
    """The cell of each category: of known ones as an entry, of others when it is asked for."""

    def __init__(self, bins: ColumnBins) -> None:
        """Place the known values of a column."""
        own = len(bins.categories)
        super().__init__((text, own + hashed_cell(text, bins.hashed)) for text in bins.rare)
        self.update((value, cell) for cell, value in enumerate(bins.categories))
        self._own, self._hashed = own, bins.hashed
        self._unseen, self._share = bins.size - 2, bins.known_share

    def __missing__(self, text: str) -> int:
        if self._share >= 1 or place(text) < self._share:
            return self._unseen
        return self._own + hashed_cell(text, self._hashed)


def _triples(found: Iterable[Sequence[float]]) -> Spikes:
    return tuple((int(n), float(one), float(other)) for n, one, other in found)


class Layout:
    """The cells of several columns in one vector, and after them the cells of values."""

    def __init__(self, columns: Sequence[ColumnBins]) -> None:
        """Place the cells of the columns one after the other."""
        self.columns = tuple(columns)
        ends = np.cumsum([0, *(column.size for column in columns)]).tolist()
        self.slices = {
            column.name: slice(start, end)
            for column, start, end in zip(columns, ends[:-1], ends[1:], strict=True)
        }
        numbers = [c.name for c in columns if c.kind == "number" and c.value_spike]
        starts = [ends[-1] + VALUE_CELLS * place for place in range(len(numbers) + 1)]
        self.values = {
            name: slice(start, start + VALUE_CELLS)
            for name, start in zip(numbers, starts[:-1], strict=True)
        }
        self.size: int = starts[-1]

    @cached_property
    def table(self) -> Table:
        """The references of the columns, side by side."""
        return Table(self.columns)

    def zeros(self) -> Counts:
        """Return counts of no rows."""
        return np.zeros(self.size, dtype=np.int64)
