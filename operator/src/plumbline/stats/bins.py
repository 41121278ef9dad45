"""How a column is counted: the cells of a reference, and their order in one vector of all columns.

A number column has ten cells between the reference's deciles; one cell below and one above, which
begin a tenth of the reference's range outside its minimum and maximum; and one for missing values.
A category column has a cell for each of its most frequent values, one for the other values, one for
unseen values, and one for missing values. A number column also has cells of values, see `values`.

Counts add up: over rows, replicas, seconds and days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.table import Table

PREDICTION = "__prediction"
"""Name of the column with a model's predictions."""
DECILES = 10
CATEGORIES, RARE = 50, 1000
VALUE_CELLS = 16
BEYOND = 0.1
_MOST = float(np.finfo(np.float64).max)
Counts = NDArray[np.int64]
# A window size in rows and two numbers about it; what they are differs, see `ColumnBins`.
Spikes = tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ColumnBins:
    """The cells of one column and their counts in the reference.

    Attributes:
        edges: for numbers: upper edges of all cells but the last, including the outer two.
        categories: for categories: the most frequent values, each with a cell.
        rare: the other values of the reference; they share a cell.
        counts: rows of the reference in each cell.
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
    categories: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    counts: tuple[int, ...]
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
        return (0, self.size - 2) if self.kind == "number" else (self.size - 2,)

    @cached_property
    def codes(self) -> Mapping[str, int]:
        """Cell of each known category."""
        rare = dict.fromkeys(self.rare, len(self.categories))
        return rare | {value: cell for cell, value in enumerate(self.categories)}

    def to_json(self) -> dict[str, Any]:
        """Return the bins as JSON."""
        found: dict[str, Any] = {"name": self.name, "kind": self.kind, "counts": list(self.counts)}
        if self.kind == "number":
            found["edges"] = list(self.edges)
        else:
            found |= {"categories": list(self.categories), "rare": sorted(self.rare)}
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
            categories=tuple(found.get("categories", ())),
            rare=frozenset(found.get("rare", ())),
            counts=tuple(found["counts"]),
            overdispersion=_triples(found["overdispersion"]),
            null_spike=_triples(found["nullSpike"]),
            value_spike=_triples(found.get("valueSpike", ())),
        )


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


def number_edges(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the edges of a number column: outer, deciles without repeats, outer.

    A cell counts values above its lower edge and up to its upper edge, so that a value that many
    rows share is in one cell.
    """
    low, high = float(values.min()), float(values.max())
    margin = BEYOND * high - BEYOND * low or max(1.0, abs(high)) * BEYOND
    quantiles = np.quantile(values, np.arange(1, DECILES) / DECILES, method="inverted_cdf")
    inner = np.unique(quantiles)
    inner = inner[(inner < high)]
    return (max(low - margin, -_MOST), *map(float, inner), min(high + margin, _MOST))
