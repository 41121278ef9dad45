"""Whether a window of live rows still looks like the reference.

A window alarms only if it is both significant and relevant. Significant: the chi-square statistic
of its cells against the reference, divided by the overdispersion that windows of this size have in
the reference itself, lies in a tail (see `mixture`) smaller than the false-alarm budget allows for
one look.
Relevant: its population stability index, less what sampling alone produces, is above what the user
tolerates.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.comparison import compare, evenness, overdispersion
from plumbline.stats.mixture import log_survival

MIN_ROWS = 64
SCALES = tuple(2**k for k in range(13))
SECONDS_A_MONTH = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScore:
    """How far a column has moved in its most suspicious window.

    Attributes:
        score: population stability index less its noise floor.
        threshold: score above which it is relevant.
        log10_p: logarithm to base 10 of the probability of such a window without drift.
        rows: rows of the window.
        seconds: length of the window.
        alarm: whether it is significant and relevant.
    """

    name: str
    score: float
    threshold: float
    log10_p: float
    rows: int
    seconds: int
    alarm: bool


def log_alpha(
    *, false_alarms_per_month: float, columns: int, looks_per_second: float = 1.0
) -> float:
    """Return the natural logarithm of the tail that one look at one window may have.

    The budget is shared equally by all columns, scales and looks of a month (Bonferroni), which
    overstates the cost since windows overlap.
    """
    looks = SECONDS_A_MONTH * looks_per_second * max(1, columns) * len(SCALES)
    return math.log(false_alarms_per_month) - math.log(looks)


def score_window(
    bins: ColumnBins, counts: Counts, *, seconds: int, log_alpha: float, tolerate: float
) -> ColumnScore:
    """Judge the counts of one column in one window."""
    rows = int(counts.sum())
    found = compare(bins, counts)
    df, psi = found.df, found.psi
    # The reference is a sample too: its own error is that of a window of its size.
    phi = overdispersion(bins, rows) + rows / bins.rows * overdispersion(bins, bins.rows)
    floor = df * phi / rows
    log_p = log_survival(found.statistic(phi), df, evenness(bins, rows)) if df else 0.0
    score = max(0.0, psi - floor)
    # An effect that sampling alone could make is none.
    relevant = psi > tolerate + df * (1 / rows + 1 / bins.rows)
    return ColumnScore(
        name=bins.name,
        score=float(score),
        threshold=tolerate,
        log10_p=log_p / math.log(10),
        rows=rows,
        seconds=seconds,
        alarm=bool(df and log_p < log_alpha and relevant),
    )


def score(
    layout: Layout,
    seconds: Sequence[Counts] | NDArray[np.int64],
    *,
    log_alpha: float,
    tolerate: float,
) -> list[ColumnScore]:
    """Judge every column on windows of the last 1, 2, 4, ... 4096 seconds.

    Args:
        layout: the columns.
        seconds: counts of each second, oldest first: [seconds, layout.size].
        log_alpha: see `log_alpha`.
        tolerate: population stability index that is harmless.

    Returns:
        One score a column, of its most suspicious window: alarms first, then by p, worst first.
    """
    sums, found = windows(seconds), []
    for column in layout.columns:
        cells = [(scale, sum_[layout.slices[column.name]]) for scale, sum_ in sums]
        scores = [
            score_window(column, counts, seconds=scale, log_alpha=log_alpha, tolerate=tolerate)
            for scale, counts in cells
            if counts.sum() >= MIN_ROWS
        ]
        if scores:
            found.append(min(scores, key=_order))
    return sorted(found, key=_order)


def windows(seconds: Sequence[Counts] | NDArray[np.int64]) -> list[tuple[int, Counts]]:
    """Return the counts of the last 1, 2, 4, ... 4096 seconds.

    The first that is longer than what is known holds all of it, and is the last one: rows leave no
    window before the next one has them, so that an alarm does not end because traffic does.
    """
    newest_first = np.asarray(seconds, dtype=np.int64)[::-1]
    found, total, before = [], 0, 0
    for scale in SCALES:
        if before < len(newest_first):
            total = total + newest_first[before:scale].sum(axis=0)
            found.append((scale, total))
        before = scale
    return found


def _order(one: ColumnScore) -> tuple[bool, float, float]:
    return not one.alarm, one.log10_p, -one.score
