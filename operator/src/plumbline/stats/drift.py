"""Whether a window of live rows still looks like the reference.

A window alarms only if it is both significant and relevant. Significant: the chi-square statistic
of its cells against the reference, divided by the overdispersion that windows of this size have in
the reference itself, lies in a tail (see `mixture`) smaller than the false-alarm budget allows for
one look.
Relevant: its population stability index, less what sampling alone produces, is above what the user
tolerates.

Cells that expect fewer than five rows are pooled. The cells for what the reference hardly had
(below, above, never seen) stand alone once they hold five rows, a twentieth of the window, and more
rows than usually come together (half as many again as the overdispersion): one odd hour does not
alarm, a real departure does so early.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.mixture import log_survival

MIN_EXPECTED, MIN_ROWS, NOVEL_ROWS, NOVEL_SHARE, NOVEL_CLUSTERS = 5.0, 64, 5, 0.05, 1.5
SCALES = tuple(2**k for k in range(13))
SECONDS_A_MONTH = 30 * 86_400
Floats = NDArray[np.float64]


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
    statistic, df, psi = compare(bins, counts)
    # The reference is a sample too: its own error is that of a window of its size.
    phi = overdispersion(bins, rows) + rows / bins.rows * overdispersion(bins, bins.rows)
    floor = df * phi / rows
    log_p = log_survival(statistic / phi, df, evenness(bins, rows)) if df else 0.0
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


def compare(bins: ColumnBins, counts: Counts) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and population stability index of pooled cells."""
    reference = np.asarray(bins.counts, dtype=np.float64)
    live, reference = _pooled(bins, counts.astype(np.float64), reference)
    if len(live) < 2:
        return 0.0, 0, 0.0
    n, m = live.sum(), reference.sum()
    smooth = 0.5
    p = (reference + smooth) / (m + smooth * len(reference))
    q = (live + smooth) / (n + smooth * len(live))
    expected = n * p
    statistic = float(((live - expected) ** 2 / expected).sum())
    return statistic, len(live) - 1, float(((q - p) * np.log(q / p)).sum())


def _pooled(bins: ColumnBins, live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Pool the cells that expect too few rows; a cell of novelties stands alone once it is full."""
    rows, total = live.sum(), reference.sum()
    small = rows * reference / total < MIN_EXPECTED
    clusters = NOVEL_CLUSTERS * (overdispersion(bins, int(rows)) - 1)
    enough = max(NOVEL_ROWS, NOVEL_SHARE * rows, clusters)
    alone = [cell for cell in bins.novel if live[cell] >= enough and small[cell]]
    small[alone] = False
    live = np.append(live[~small], live[small].sum())
    reference = np.append(reference[~small], reference[small].sum())
    if rows * reference[-1] / total >= MIN_EXPECTED or len(live) < 2:
        return live, reference
    return _merge_last(live, reference)


def _merge_last(live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Merge the last cell into the smallest other one of the reference."""
    into = int(np.argmin(reference[:-1]))
    merged_live, merged_reference = live[:-1].copy(), reference[:-1].copy()
    merged_live[into] += live[-1]
    merged_reference[into] += reference[-1]
    return merged_live, merged_reference


def overdispersion(bins: ColumnBins, rows: int) -> float:
    """Return the overdispersion of a window of so many rows.

    Between learnt sizes it is interpolated over the logarithm of the size; beyond the largest it
    grows with the window, as if nothing new were learnt from more rows: the careful assumption.
    """
    if not bins.overdispersion:
        return 1.0
    sizes = [size for size, _, _ in bins.overdispersion]
    values = [value for _, value, _ in bins.overdispersion]
    if rows > sizes[-1]:
        growing = values[-1] > 1.5 * values[0]
        return values[-1] * (rows / sizes[-1] if growing else 1.0)
    return float(np.interp(math.log(max(rows, 1)), np.log(sizes), values))


def evenness(bins: ColumnBins, rows: int) -> float:
    """Return how evenly the chi-square of a window is spread over its degrees of freedom."""
    if not bins.overdispersion:
        return 1.0
    sizes = [math.log(size) for size, _, _ in bins.overdispersion]
    shares = [share for _, _, share in bins.overdispersion]
    return float(np.interp(math.log(max(rows, 1)), sizes, shares))


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
