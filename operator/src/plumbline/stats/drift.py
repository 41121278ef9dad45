"""Whether windows of live rows differ from the reference.

A window is suspicious if the difference is both significant and relevant. Significant: the
chi-square statistic of its cells against the reference, divided by the overdispersion of the
reference's own windows of this size, has a smaller tail probability (see `mixture`) than the
false-alarm budget allows for one evaluation. Relevant: its population stability index, minus what
sampling alone produces, is above what the user tolerates.

A suspicious window raises an alarm if the older live rows confirm it, see `confirmation`.
"""

import math
from dataclasses import dataclass

import numpy as np

from plumbline.stats.bins import Layout
from plumbline.stats.comparison import compare
from plumbline.stats.confirmation import MIN_ROWS, Candidates, confirmed
from plumbline.stats.mixture import log_survival
from plumbline.stats.past import Past
from plumbline.stats.table import Flags, Floats, Ints, Table
from plumbline.stats.windows import Windows

SECONDS_A_MONTH = 30 * 86_400
# Episodes that open per evaluation of a column, as a multiple of the tail probability of a window:
# windows overlap, and an episode needs two evaluations. tests/prove/run_length.py computes it.
OPENINGS = 1.2
# The 1 - alpha quantile of chi-square is larger than this share of -2 log alpha.
QUANTILE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScore:
    """How much a column differs from the reference in its most suspicious window.

    Attributes:
        score: population stability index minus its noise floor.
        threshold: score above which the difference is relevant.
        log10_p: logarithm to base 10 of the probability of such a window without drift.
        rows: rows of the window.
        seconds: length of the window.
        alarm: whether it is significant and relevant, and confirmed by older rows.
    """

    name: str
    score: float
    threshold: float
    log10_p: float
    rows: int
    seconds: int
    alarm: bool


def log_alpha(
    *, false_alarms_per_month: float, columns: int, evaluations_per_second: float = 1.0
) -> float:
    """Return the natural logarithm of the tail probability of one evaluation of one window.

    The budget is shared equally by all columns and evaluations of a month. Windows of one
    evaluation and of the next overlap, so they share one part of it, see `OPENINGS`.
    """
    evaluations = SECONDS_A_MONTH * evaluations_per_second * max(1, columns)
    return math.log(false_alarms_per_month) - math.log(evaluations * OPENINGS)


def score(
    layout: Layout, windows: Windows, *, log_alpha: float, tolerate: float, past: Past | None = None
) -> list[ColumnScore]:
    """Evaluate every column on all windows.

    Args:
        layout: the columns.
        windows: the counts of the live rows.
        log_alpha: natural logarithm of the tail probability of one evaluation, see `log_alpha`.
        tolerate: population stability index up to which a difference is harmless.
        past: older live counts; without them the reference alone says how alike rows are.

    Returns:
        One score per column, of its most suspicious window: alarms first, then by p, worst first.
    """
    if not layout.columns:
        return []
    lengths, columns = _screened(layout.table, windows, log_alpha)
    if not len(columns):
        return []
    found = _compared(layout.table, windows, lengths, columns)
    alarm = np.zeros(len(columns), dtype=bool)
    noise = found.df * (1 / found.rows + 1 / layout.table.rows[columns])
    suspicious = (found.log_p < log_alpha) & (found.psi > tolerate + noise)
    if places := np.flatnonzero(suspicious).tolist():
        alarm[places] = confirmed(
            layout.table, windows, found.some(places), log_alpha, tolerate, past
        )
    return _worst(layout, windows, found, alarm, tolerate)


def _screened(table: Table, windows: Windows, log_alpha: float) -> tuple[Ints, Ints]:
    """Return the windows, each of one column, that need a closer look, as lengths and columns.

    These are the windows with a large chi-square, and the most suspicious one of each column.
    """
    chi = _without_pooling(table, windows.sums)
    chosen = chi > _limit(log_alpha)
    best = chi.argmax(axis=0)
    columns = np.arange(len(best))
    chosen[best, columns] |= chi[best, columns] >= 0
    lengths, columns = np.nonzero(chosen)
    return lengths, columns


def large(table: Table, sums: Ints, log_alpha: float) -> Flags:
    """Return the windows of each column that may alarm: [windows, columns]."""
    return np.asarray(_without_pooling(table, sums) > _limit(log_alpha))


def _limit(log_alpha: float) -> float:
    return -2 * QUANTILE * log_alpha


def _without_pooling(table: Table, sums: Ints) -> Floats:
    """Return chi-square by window and column; pooling makes it smaller, never larger."""
    cells = sums[:, : len(table.flat)]
    rows = table.row_counts(sums)
    expected = np.repeat(np.maximum(rows, 1), table.widths, axis=1) * table.shares
    chi = np.add.reduceat((cells - expected) ** 2 / expected, table.starts, axis=1)
    columns = np.tile(np.arange(len(table.rows)), len(rows))
    inflation = table.inflation(columns, rows.ravel()).reshape(rows.shape)
    return np.where(rows >= MIN_ROWS, chi / inflation, -1.0)


def _compared(table: Table, windows: Windows, lengths: Ints, columns: Ints) -> Candidates:
    """Compare windows, each of one column, with the reference."""
    live = table.cells(windows.sums[lengths], columns)
    rows, found = live.sum(axis=1), compare(table, columns, live)
    phi, judged = table.inflation(columns, rows), found.df > 0
    even, log_p = table.evenness(columns, rows), np.zeros(len(rows))
    statistic = found.statistic(phi)
    log_p[judged] = log_survival(statistic[judged], found.df[judged], even[judged])
    return Candidates(
        lengths=lengths,
        columns=columns,
        rows=rows,
        chi=statistic * phi,
        df=found.df,
        psi=np.where(judged, found.psi, 0.0),
        inflation=phi,
        evenness=even,
        log_p=log_p,
    )


def _worst(
    layout: Layout, windows: Windows, found: Candidates, alarm: Flags, tolerate: float
) -> list[ColumnScore]:
    """Return the most suspicious window of each column: alarms first, then by p."""
    scores = np.maximum(0.0, found.psi - found.df * found.inflation / found.rows)
    worst: dict[int, int] = {}
    for place in np.lexsort((-scores, found.log_p, ~alarm)).tolist():
        worst.setdefault(int(found.columns[place]), place)
    return [
        ColumnScore(
            name=layout.columns[column].name,
            score=float(scores[place]),
            threshold=tolerate,
            log10_p=float(found.log_p[place]) / math.log(10),
            rows=int(found.rows[place]),
            seconds=windows.seconds[int(found.lengths[place])],
            alarm=bool(alarm[place]),
        )
        for column, place in worst.items()
    ]
