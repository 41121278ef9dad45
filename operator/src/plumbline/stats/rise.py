"""Whether a share of live rows has risen above that of the reference, in spite of like neighbours.

The statistic is the logarithm of the likelihood ratio of two binomial samples (Wilks, 1938): equal
shares against the shares as they are. It bounds the probability of samples so far apart (Chernoff,
1952). Rows are divided by the overdispersion of the share: the larger of that in windows of the
reference and in older windows of the live stream. And no older window has had as large a share.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from plumbline.stats.bins import ColumnBins, Counts, Spikes
from plumbline.stats.table import Flags, Floats
from plumbline.stats.values import careful_mean

ENOUGH_WINDOWS, LONGEST = 6, 512
LASTING = 0.5
# Counts of older windows of so many seconds, which do not overlap: [windows, cells].
Older = Callable[[int], Counts]


class Share(NamedTuple):
    """Some of the rows: `rows` of `of`."""

    rows: float
    of: float

    @property
    def share(self) -> float:
        """Their share."""
        return self.rows / self.of if self.of else 0.0


def log_rise(live: Share, known: Share, alike: float) -> float:
    """Return the logarithm of the ratio; 0 if the live share is not the larger one.

    Args:
        live: rows of a window.
        known: rows of the reference.
        alike: overdispersion of the share.
    """
    if live.share <= known.share:
        return 0.0
    both = Share(live.rows + known.rows, live.of + known.of).share
    apart = live.of * _divergence(live.share, both) + known.of * _divergence(known.share, both)
    return -apart / alike


def _divergence(share: float, other: float) -> float:
    """Return the Kullback-Leibler divergence of two coins."""
    found = share * math.log(share / other) if share else 0.0
    return found + ((1 - share) * math.log((1 - share) / (1 - other)) if share < 1 else 0.0)


def alike_cells(column: ColumnBins, spikes: Spikes, live: Share, older: Counts) -> float | None:
    """Return the overdispersion of all cells of older windows; None if it is not known."""
    seen = older[older.sum(axis=1) > 0]
    known = _in_reference(spikes, live.of) if column.ordered else 1.0
    if len(seen) < ENOUGH_WINDOWS:
        return known if column.ordered else None
    return max(known, _in_windows(seen))


def alike(column: ColumnBins, spikes: Spikes, live: Share, older: list[Share]) -> float | None:
    """Return the overdispersion of a share; None if it is not known, or if the share is usual.

    Args:
        column: whose reference may not show it, see `ColumnBins.ordered`.
        spikes: (rows, largest share, overdispersion) in windows of the reference.
        live: rows of the newest window.
        older: rows of older windows of the same length.
    """
    seen = [each for each in older if each.of]
    if any(each.share >= live.share for each in seen):
        return None
    both = [(each.rows, each.of - each.rows) for each in seen]
    return alike_cells(column, spikes, live, np.array(both).reshape(-1, 2))


def _in_reference(spikes: Spikes, rows: float) -> float:
    """Return the overdispersion; rows beyond the largest known window give no more information."""
    fitting = [spike for spike in spikes if spike[0] <= rows] or list(spikes[:1])
    if not fitting:
        return 1.0
    size, _, factor = fitting[-1]
    return factor * max(1.0, rows / size) if factor > 1.5 else factor


def _in_windows(counts: Counts) -> float:
    """Return the mean chi-square per degree of freedom plus three standard errors; at least 1.

    Args:
        counts: rows of each window in each cell: [windows, cells].
    """
    shares = counts.sum(axis=0) / counts.sum()
    expected = counts.sum(axis=1)[:, None] * shares[shares > 0]
    if expected.shape[1] < 2:
        return 1.0
    squares = (counts[:, shares > 0] - expected) ** 2 / expected
    ratios = squares.sum(axis=1) / (expected.shape[1] - 1)
    return careful_mean(ratios)


def lasts(shares: Floats, enough: Flags, window: int) -> bool:
    """Return whether the newest window with enough rows still has half of a share."""
    newest = int(np.argmax(enough))
    return bool(shares[newest] >= LASTING * shares[window])
