"""Broken data: live rows that cannot be right, in contrast to drift.

A rule of the schema is broken when more rows violate it than a few stray rows explain. Missing
values jump when their share is far above that in any window of the reference, by more than similar
neighbouring rows explain.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plumbline.stats.bins import ColumnBins, Counts, Layout, Spikes
from plumbline.stats.confirmation import MIN_ROWS
from plumbline.stats.windows import Windows

STRAY_SHARE, MIN_VIOLATIONS = 0.001, 3
JUMP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that live rows break, as the operator finds it: in `rows` of `of` rows."""

    column: str
    rule: str
    rows: int
    of: int


def violations(
    counts: Mapping[tuple[str, str], int], *, rows: int, log_alpha: float
) -> list[Broken]:
    """Return the rules that more rows break than stray rows explain.

    Args:
        counts: rows in the window that break a rule, by column and rule.
        rows: rows in the window.
        log_alpha: natural logarithm of the tail probability of one evaluation.
    """
    return [
        Broken(column=column, rule=rule, rows=found, of=rows)
        for (column, rule), found in sorted(counts.items())
        if found >= MIN_VIOLATIONS
        and log_binomial_tail(found / rows, rows, STRAY_SHARE) < log_alpha
    ]


def null_jumps(layout: Layout, windows: Windows, *, log_alpha: float) -> list[Broken]:
    """Return the columns whose missing values jump in one of the windows.

    Args:
        layout: the columns.
        windows: the counts of the live rows.
        log_alpha: natural logarithm of the tail probability of one evaluation.
    """
    found: dict[str, Broken] = {}
    if not layout.columns:
        return []
    nulls, rows = null_counts(layout, windows)
    # Few windows have so many missing values, so a loop over these is fast enough.
    for window, place in np.argwhere((rows >= MIN_ROWS) & (nulls > JUMP * rows)).tolist():
        column, missing, of = (
            layout.columns[place],
            int(nulls[window, place]),
            int(rows[window, place]),
        )
        if _jumps(column, nulls=missing, rows=of, log_alpha=log_alpha):
            found[column.name] = Broken(column=column.name, rule="NullJump", rows=missing, of=of)
    return list(found.values())


def null_counts(layout: Layout, windows: Windows) -> tuple[Counts, Counts]:
    """Return the missing values and the rows of each column: [windows, columns] each."""
    nulls = windows.sums[:, [cells.stop - 1 for cells in layout.slices.values()]]
    return nulls, layout.table.row_counts(windows.sums)


def _jumps(bins: ColumnBins, *, nulls: int, rows: int, log_alpha: float) -> bool:
    usual, log_p = log_chance(bins.null_spike, share=nulls / rows, rows=rows)
    return nulls / rows > usual + JUMP and log_p < log_alpha


def log_chance(spikes: Spikes, *, share: float, rows: int) -> tuple[float, float]:
    """Compare a share with the largest one in the reference's windows of as many rows.

    The next smaller known window size is used; rows beyond it give no more information.

    Returns:
        That largest share, and the natural logarithm of an upper bound of the probability to exceed
        it by so much.
    """
    fitting = [spike for spike in spikes if spike[0] <= rows] or list(spikes[:1])
    size, usual, phi = fitting[-1] if fitting else (rows, STRAY_SHARE, 1.0)
    usual = max(usual, STRAY_SHARE)
    return usual, log_binomial_tail(share, min(rows, size) / phi, usual)


def log_binomial_tail(observed: float, rows: float, share: float) -> float:
    """Return Chernoff's upper bound of log P(X >= rows * observed) for a binomial X of mean share.

    It is 0 when the observed share is not above the mean one.
    """
    if observed <= share:
        return 0.0
    if observed >= 1:
        return rows * math.log(share)
    divergence = observed * math.log(observed / share)
    divergence += (1 - observed) * math.log((1 - observed) / (1 - share))
    return -rows * divergence
