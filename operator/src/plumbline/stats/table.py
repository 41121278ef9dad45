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
        self._learn([column.overdispersion for column in columns])
        self.reference_overdispersion = self.overdispersion(np.arange(len(columns)), self.rows)

    def _learn(self, spikes: Sequence[tuple[tuple[int, float, float], ...]]) -> None:
        self._phi = Curves([[(size, phi) for size, phi, _ in each] for each in spikes])
        self._even = Curves([[(size, even) for size, _, even in each] for each in spikes])
        self._largest = np.array([each[-1][0] if each else np.inf for each in spikes])
        self._grows = np.array([_grows([phi for _, phi, _ in each]) for each in spikes], dtype=bool)

    def overdispersion(self, columns: Ints, rows: Ints) -> Floats:
        """Return the overdispersion of a window of so many rows, for each column.

        Between known sizes it is interpolated over the logarithm of the size. Beyond the largest
        size it grows with the window, as if more rows gave no more information: the cautious
        assumption.
        """
        beyond = np.where(self._grows[columns], np.maximum(rows / self._largest[columns], 1), 1)
        return np.asarray(self._phi.at(columns, rows) * beyond)

    def evenness(self, columns: Ints, rows: Ints) -> Floats:
        """Return how evenly the chi-square of a window is spread over its degrees of freedom."""
        return self._even.at(columns, rows)


def _grows(values: Sequence[float]) -> bool:
    """Return whether overdispersion still grows with the window at the largest known sizes."""
    if not values:
        return False
    return values[-1] > 1.5 * (values[0] if len(values) > 1 else 1.0)
