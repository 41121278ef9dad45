"""Whether a window of live rows differs from the reference.

A window raises an alarm only if the difference is both significant and relevant. Significant: the
chi-square statistic of its cells against the reference, divided by the overdispersion of the
reference's own windows of this size, has a smaller tail probability (see `mixture`) than the
false-alarm budget allows for one evaluation. Relevant: its population stability index, minus what
sampling alone produces, is above what the user tolerates.
"""

import math
from dataclasses import dataclass

import numpy as np

from plumbline.stats.bins import Layout
from plumbline.stats.comparison import compare
from plumbline.stats.mixture import log_survival
from plumbline.stats.table import Flags, Floats, Ints, Table
from plumbline.stats.windows import SCALES, Windows

MIN_ROWS = 64
SECONDS_A_MONTH = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScore:
    """How much a column differs from the reference in its most suspicious window.

    Attributes:
        score: population stability index minus its noise floor.
        threshold: score above which the difference is relevant.
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


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores of many windows, each of one column."""

    columns: Ints
    score: Floats
    log10_p: Floats
    rows: Ints
    alarm: Flags

    def worst_first(self) -> Ints:
        """Return the windows: alarms first, then by p."""
        return np.lexsort((-self.score, self.log10_p, ~self.alarm))


def log_alpha(
    *, false_alarms_per_month: float, columns: int, evaluations_per_second: float = 1.0
) -> float:
    """Return the natural logarithm of the tail probability of one evaluation of one window.

    The budget is shared equally by all columns, scales and evaluations of a month (Bonferroni).
    This is conservative, since windows overlap.
    """
    evaluations = SECONDS_A_MONTH * evaluations_per_second * max(1, columns) * len(SCALES)
    return math.log(false_alarms_per_month) - math.log(evaluations)


def score(
    layout: Layout, windows: Windows, *, log_alpha: float, tolerate: float
) -> list[ColumnScore]:
    """Evaluate every column on windows of the last 1, 2, 4, ... 4096 seconds.

    Args:
        layout: the columns.
        windows: the counts of the live rows.
        log_alpha: natural logarithm of the tail probability of one evaluation, see `log_alpha`.
        tolerate: population stability index up to which a difference is harmless.

    Returns:
        One score per column, of its most suspicious window: alarms first, then by p, worst first.
    """
    cells = np.where(layout.table.holds, windows.sums[:, layout.table.places], 0)
    rows = cells.sum(axis=2)
    columns, lengths = np.nonzero(rows.T >= MIN_ROWS)
    scores = _scores(
        layout.table, columns, cells[lengths, columns], log_alpha=log_alpha, tolerate=tolerate
    )
    worst: dict[int, int] = {}
    for window in scores.worst_first().tolist():
        worst.setdefault(int(columns[window]), window)
    return [
        ColumnScore(
            name=layout.columns[column].name,
            score=float(scores.score[window]),
            threshold=tolerate,
            log10_p=float(scores.log10_p[window]),
            rows=int(scores.rows[window]),
            seconds=windows.seconds[int(lengths[window])],
            alarm=bool(scores.alarm[window]),
        )
        for column, window in worst.items()
    ]


def _scores(
    table: Table, columns: Ints, live: Ints, *, log_alpha: float, tolerate: float
) -> _Scores:
    """Return the scores of windows, each of one column."""
    rows, references = live.sum(axis=1), table.rows[columns]
    found = compare(table, columns, live)
    # The reference is a sample too: its own error is that of a window of its size.
    phi = (
        table.overdispersion(columns, rows)
        + rows / references * table.reference_overdispersion[columns]
    )
    log_p, judged = np.zeros(len(rows)), found.df > 0
    even = table.evenness(columns, rows)
    log_p[judged] = log_survival(found.statistic(phi)[judged], found.df[judged], even[judged])
    psi = np.where(judged, found.psi, 0.0)
    # A difference that sampling alone could produce is not relevant.
    relevant = psi > tolerate + found.df * (1 / rows + 1 / references)
    return _Scores(
        columns=columns,
        score=np.maximum(0.0, psi - found.df * phi / rows),
        log10_p=log_p / math.log(10),
        rows=rows,
        alarm=judged & (log_p < log_alpha) & relevant,
    )
