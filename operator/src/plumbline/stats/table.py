"""The references of many columns in one array, so that one pass of numpy evaluates all of them.

Columns have different numbers of cells, so rows are padded: `holds` is False for padding.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from plumbline.stats.bins import ColumnBins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
DOUBLINGS = 2
SMOOTH = 0.5


class Curves:
    """One curve per column, over the logarithm of a number of rows; constant outside its knots."""

    def __init__(self, knots: Sequence[Sequence[tuple[float, float]]]) -> None:
        """Interpolate between knots (rows, value); a curve without knots is 1 everywhere."""
        longest = max(map(len, knots), default=0) + 1
        self._x = np.full((len(knots), longest + 1), np.inf)
        self._y = np.ones((len(knots), longest + 1))
        for number, curve in enumerate(knots):
            for place, (rows, value) in enumerate(curve or [(1, 1.0)]):
                self._x[number, place] = math.log(rows)
                self._y[number, place:] = value

    def at(self, columns: Ints, rows: Ints) -> Floats:
        """Return the value of each column at its number of rows."""
        x = np.log(np.maximum(rows, 1))
        place = np.maximum((self._x[columns] <= x[:, None]).sum(axis=1) - 1, 0)
        before, after = self._x[columns, place], self._x[columns, place + 1]
        low, high = self._y[columns, place], self._y[columns, place + 1]
        # Beyond the last knot the next one is infinitely far, so the value stays constant.
        return np.asarray(low + np.clip((x - before) / (after - before), 0, 1) * (high - low))


class Table:
    """The references of columns.

    Attributes:
        starts: first cell of each column in a vector of all columns' counts.
        widths: number of its cells.
        flat: rows of the references in that vector.
        shares: shares of the references in that vector.
        places: place of each cell in a vector of all columns' counts: [columns, widest].
        holds: whether there is such a cell.
        counts: rows of the reference in it.
        novel: whether it is a cell of values that the reference hardly has.
        rows: rows of each reference.
        reference_overdispersion: overdispersion of a window of as many rows as the reference has.
    """

    def __init__(self, columns: Sequence["ColumnBins"]) -> None:
        """Place columns whose cells follow each other."""
        sizes = np.array([column.size for column in columns], dtype=np.int64)
        cells = np.arange(max(sizes, default=0))
        self.holds = cells < sizes[:, None]
        self.places = np.where(self.holds, (np.cumsum(sizes) - sizes)[:, None] + cells, 0)
        self.counts, self.novel = np.zeros(self.holds.shape), np.zeros_like(self.holds)
        for number, column in enumerate(columns):
            self.counts[number, : column.size] = column.counts
            self.novel[number, list(column.novel)] = True
        self.rows = np.array([column.rows for column in columns], dtype=np.int64)
        self.widths, self.starts = sizes, np.cumsum(sizes) - sizes
        self.flat = np.array([n for column in columns for n in column.counts], dtype=np.int64)
        self.shares = (self.flat + SMOOTH) / np.repeat(self.rows + SMOOTH * sizes, sizes)
        self._learn([column.overdispersion for column in columns])
        self.reference_overdispersion = self.overdispersion(np.arange(len(columns)), self.rows)

    def _learn(self, spikes: Sequence[tuple[tuple[int, float, float], ...]]) -> None:
        self._phi = Curves([[(size, phi) for size, phi, _ in each] for each in spikes])
        self._even = Curves([[(size, even) for size, _, even in each] for each in spikes])
        self._largest = np.array([each[-1][0] if each else np.inf for each in spikes])
        self._growth = np.array([_growth([phi for _, phi, _ in each]) for each in spikes])

    def overdispersion(self, columns: Ints, rows: Ints) -> Floats:
        """Return the overdispersion of a window of so many rows, for each column.

        Between known sizes it is interpolated over the logarithm of the size. Beyond the largest
        size it grows on as it grew last.
        """
        beyond = np.maximum(rows / self._largest[columns], 1) ** self._growth[columns]
        return np.asarray(self._phi.at(columns, rows) * beyond)

    def row_counts(self, sums: Ints) -> Ints:
        """Return the rows of each column in vectors of all columns' counts: [vectors, columns]."""
        return np.add.reduceat(sums[:, : len(self.flat)], self.starts, axis=1)

    def cells(self, counts: Ints, columns: Ints) -> Ints:
        """Return the counts of one column of each vector of all columns' counts."""
        found = np.take_along_axis(counts, self.places[columns], axis=1)
        return np.where(self.holds[columns], found, 0)

    def inflation(self, columns: Ints, rows: Ints) -> Floats:
        """Return the variance of a window's difference from its reference, which is a sample too.

        It is relative to that of independent rows of the window alone.
        """
        own = self.reference_overdispersion[columns]
        return np.asarray(self.overdispersion(columns, rows) + rows / self.rows[columns] * own)

    def evenness(self, columns: Ints, rows: Ints) -> Floats:
        """Return how evenly the chi-square of a window is spread over its degrees of freedom."""
        return self._even.at(columns, rows)


def _growth(values: Sequence[float]) -> float:
    """Return the power of the window size with which overdispersion grew over the last doublings.

    It is 0 where overdispersion has hardly grown since the smallest size, and 1 where a single size
    is known: then more rows give no more information.
    """
    if not values or values[-1] <= 1.5 * (values[0] if len(values) > 1 else 1.0):
        return 0.0
    if len(values) <= DOUBLINGS:
        return 1.0
    return min(1.0, math.log2(values[-1] / values[-1 - DOUBLINGS]) / DOUBLINGS)
