"""What could not be seen: the smallest change of a column that would be found in 4 of 5 cases.

The change is made, not computed: the reference's own values are moved, as many rows as were
compared are drawn from it, and the same test decides. If neighbouring rows are alike, fewer rows
are drawn and each stands for several, so that windows vary as those of the reference do. All rows
are tried, and as many as the longest windows have of which the reference shows how they vary.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plumbline.cli.references import longest_known
from plumbline.stats import drift
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.count import count_column
from plumbline.stats.windows import Windows

DEVIATIONS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
POINTS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
DRAWS, FOUND, MOST_VALUES, SEED = 40, 0.8, 20_000, 20_131
Unit = Literal["sd", "points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The smallest change that would be found.

    Attributes:
        change: it; None if not even the largest one tried would be: 1 standard deviation of a
            number, or 20 points of a category's share.
        unit: sd (standard deviations) or points (percent of the rows).
    """

    change: float | None
    unit: Unit


NOTHING_SEEN = Sight(change=None, unit="sd")


def sight(
    bins: ColumnBins, values: NDArray[Any], rows: int, *, log_alpha: float, tolerate: float
) -> Sight:
    """Return the smallest change that so many rows show.

    Args:
        bins: the reference of the column.
        values: its values.
        rows: how many rows are compared with it.
        log_alpha: see `drift.score`.
        tolerate: see `drift.score`.
    """
    unit, changed = _changes(bins, values)
    test = _Test(bins, log_alpha, tolerate)
    sizes = sorted({rows, min(rows, longest_known(bins))})
    found = bisect_left(
        list(changed.values()),
        True,
        key=lambda counts: any(test.finds(counts, size) for size in sizes),
    )
    return Sight(change=[*changed, None][found], unit=unit)


def _changes(bins: ColumnBins, values: NDArray[Any]) -> tuple[Unit, dict[float, Counts]]:
    """Return the unit, and the cells of the reference after each change."""
    if bins.kind == "number":
        some = values[:: max(1, len(values) // MOST_VALUES)]
        if (spread := float(np.nanstd(some))) > 0 and np.isfinite(spread):
            return "sd", {d: count_column(bins, some + d * spread) for d in DEVIATIONS}
    return "points", {each: _moved(bins, each / 100) for each in POINTS}


def _moved(bins: ColumnBins, share: float) -> Counts:
    """Return the counts after the fullest cell gave a share of all rows to the emptiest others.

    Values that the reference does not have are easier to find, so nothing is moved there unless
    there is only one value.
    """
    counts = np.asarray(bins.counts, dtype=np.float64)
    known = np.setdiff1d(np.flatnonzero(counts), [*bins.novel, bins.size - 1])
    fullest = int(counts.argmax())
    other = known[known != fullest]
    into = int(other[counts[other].argmax()]) if len(other) else bins.novel[-1]
    moved = min(share * counts.sum(), counts[fullest])
    counts[fullest] -= moved
    counts[into] += moved
    return np.asarray(np.rint(counts), dtype=np.int64)


class _Test:
    """The test of one column, and how often it finds a change."""

    def __init__(self, bins: ColumnBins, log_alpha: float, tolerate: float) -> None:
        """Make the column once for each draw, so that all draws are evaluated in one pass."""
        self._bins, self._log_alpha, self._tolerate = bins, log_alpha, tolerate
        self._copies = Layout([replace(bins, name=str(n), value_spike=()) for n in range(DRAWS)])

    def finds(self, changed: Counts, rows: int) -> bool:
        """Return whether the change is found in enough draws of so many rows."""
        windows = Windows((1,), self._draws(changed, rows).reshape(1, -1))
        scores = drift.score(
            self._copies, windows, log_alpha=self._log_alpha, tolerate=self._tolerate
        )
        return sum(each.alarm for each in scores) >= FOUND * DRAWS

    def _draws(self, changed: Counts, rows: int) -> Counts:
        independent = max(1, round(rows / overdispersion(self._bins, rows)))
        random = np.random.default_rng(SEED)
        drawn = random.multinomial(independent, changed / changed.sum(), size=DRAWS)
        return np.asarray(np.rint(drawn * (rows / independent)), dtype=np.int64)


def overdispersion(bins: ColumnBins, rows: int) -> float:
    """Return the overdispersion of a window of so many rows, at least 1."""
    column, length = np.array([0]), np.array([max(1, rows)])
    return max(1.0, float(Layout([bins]).table.overdispersion(column, length)[0]))
