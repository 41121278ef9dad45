"""How much the counts of windows differ from the reference, cell by cell, for many windows at once.

Cells with fewer than five expected rows, or with fewer in the reference, are pooled. The cells of
values that the reference hardly has (below, above, unseen) are not pooled once they have five rows,
a fiftieth of the window, and 1.5 times the overdispersion. So one unusual hour raises no alarm,
and a real change raises it early. For these cells the variance includes that of the reference,
since a small reference contains only few rare values.
"""

from typing import NamedTuple

import numpy as np

from plumbline.stats.table import SMOOTH, Flags, Floats, Ints, Table

MIN_EXPECTED, NOVEL_ROWS, NOVEL_SHARE, NOVEL_CLUSTERS = 5.0, 5, 0.02, 1.5


class Comparison(NamedTuple):
    """How much the counts of each window differ from its reference, over pooled cells.

    Attributes:
        pearson: chi-square of the cells.
        likelihood: twice the logarithm of the likelihood ratio.
        expected: the smallest expected count of a cell, without the cells of novelties.
        df: degrees of freedom of both; zero if there is only one cell, so nothing to compare.
        psi: population stability index.
    """

    pearson: Floats
    likelihood: Floats
    expected: Floats
    df: Ints
    psi: Floats

    def statistic(self, phi: Floats) -> Floats:
        """Return the statistic with a known tail, divided by the overdispersion phi.

        Pearson's statistic has the tail of chi-square only if cells are full. A few blocks of
        similar rows are in one cell more often than that tail says. Then the likelihood ratio must
        be large too, since its far tail is right for any number of blocks.
        """
        full = self.expected >= MIN_EXPECTED * phi
        return np.where(full, self.pearson, np.minimum(self.pearson, self.likelihood)) / phi


class _Cells(NamedTuple):
    """Counts by cell, after pooling; the last cell is the pool. Unused cells are zero."""

    live: Floats
    reference: Floats
    used: Flags


def compare(table: Table, columns: Ints, live: Ints) -> Comparison:
    """Compare windows of columns with their references.

    Args:
        table: the references.
        columns: column of each window.
        live: counts of each window, at least one row in each: [windows, cells of the widest].
    """
    cells = _pooled(table, columns, live.astype(np.float64))
    number = cells.used.sum(axis=1)
    n, m = live.sum(axis=1).astype(np.float64), table.rows[columns]
    p = (cells.reference + SMOOTH) / (m + SMOOTH * number)[:, None]
    q = (cells.live + SMOOTH) / (n + SMOOTH * number)[:, None]
    expected = n[:, None] * p
    both = (n / (n + m))[:, None] * (cells.live + cells.reference + SMOOTH)
    hardly = expected < 1
    pearson = cells.used * (cells.live - expected) ** 2 / np.where(hardly, both, expected)
    enough = cells.used & ~hardly
    return Comparison(
        pearson=pearson.sum(axis=1),
        likelihood=np.where(hardly, pearson, enough * _likelihood(cells.live, expected)).sum(
            axis=1
        ),
        expected=np.where(enough, expected, n[:, None]).min(axis=1, initial=np.inf),
        df=np.where(number > 1, number - 1, 0),
        psi=(cells.used * (q - p) * np.log(q / p)).sum(axis=1),
    )


def _likelihood(live: Floats, expected: Floats) -> Floats:
    """Return each cell's part of twice the log-likelihood ratio."""
    held = np.maximum(live, np.finfo(float).tiny)
    return np.asarray(2 * (live * np.log(held / expected) - live + expected))


def _pooled(table: Table, columns: Ints, live: Floats) -> _Cells:
    """Pool the cells with too few expected rows, except cells of novelties that are full."""
    reference, rows = table.counts[columns], live.sum(axis=1)
    both = np.minimum(1.0, rows / table.rows[columns])
    small = both[:, None] * reference < MIN_EXPECTED
    clusters = NOVEL_CLUSTERS * (table.overdispersion(columns, rows.astype(np.int64)) - 1)
    enough = np.maximum(np.maximum(NOVEL_ROWS, NOVEL_SHARE * rows), clusters)
    small &= ~(table.novel[columns] & (live >= enough[:, None]))
    pool_live = np.where(small, live, 0).sum(axis=1)
    pool_reference = np.where(small, reference, 0).sum(axis=1)
    used = table.holds[columns] & ~small
    merged = _Cells(
        np.column_stack([np.where(used, live, 0), pool_live]),
        np.column_stack([np.where(used, reference, 0), pool_reference]),
        np.column_stack([used, np.ones(len(used), dtype=bool)]),
    )
    _merge_pool(merged, (both * pool_reference < MIN_EXPECTED) & used.any(axis=1))
    return merged


def _merge_pool(cells: _Cells, needed: Flags) -> None:
    """Merge a pool that is too small itself into the smallest other cell of the reference."""
    windows = np.flatnonzero(needed)
    others = np.where(cells.used[windows, :-1], cells.reference[windows, :-1], np.inf)
    into = np.argmin(others, axis=1)
    for counts in (cells.live, cells.reference):
        counts[windows, into] += counts[windows, -1]
        counts[windows, -1] = 0
    cells.used[windows, -1] = False
