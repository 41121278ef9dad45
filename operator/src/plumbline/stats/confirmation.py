"""Whether older live rows confirm that a suspicious window has drifted.

The reference may be a sample, or an export without an order, so its windows may vary less than
live ones do. A suspicious window is an alarm if all of this is true:

- It is significant for each view of how alike rows are: that of the reference, and those of the
  live stream's own older windows as long as it and 4, 16, ... times as long. Longer windows show
  what varies slowly.
- It is larger than tolerated by some standard errors.
- It is steady or sudden. Steady: significantly larger than seven tenths of what is tolerated
  (non-central chi-square). Sudden: the window differs significantly from the older live rows too.
  So a harmless difference that lasts opens no episode by chance, and a new one needs fewer rows.
- It still goes on: a newer, shorter window with enough rows to show it shows at least half of it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from plumbline.stats.comparison import NOVEL_CLUSTERS, NOVEL_SHARE, compare
from plumbline.stats.likeness import MIN_WINDOWS, Likeness, learn
from plumbline.stats.mixture import log_tail
from plumbline.stats.past import Past
from plumbline.stats.table import Flags, Floats, Ints, Table
from plumbline.stats.windows import SCALES, Windows

TOLERATED = 0.7
ERRORS = 1.64
LONGER, VIEWS = 4, 6
# Chi-square above which a difference of this size is found nearly always.
CLEAR, LEFT = 100.0, 0.5
CERTAIN, NEARLY_NOTHING = 1e9, 1e-6
MIN_ROWS, HOUR = 64, 3600
HARDLY, NOVEL_LIVE = 0.01, 20


class Candidates(NamedTuple):
    """Windows, each of one column, and their difference from the reference.

    Attributes:
        lengths: place of each window's length.
        columns: its column.
        rows: its rows.
        chi: its chi-square, not divided by the inflation.
        df: degrees of freedom.
        psi: its population stability index.
        inflation: see `Table.inflation`.
        evenness: see `Table.evenness`.
        log_p: natural logarithm of the tail probability of chi-square.
    """

    lengths: Ints
    columns: Ints
    rows: Ints
    chi: Floats
    df: Ints
    psi: Floats
    inflation: Floats
    evenness: Floats
    log_p: Floats

    def some(self, places: Sequence[int] | Ints | Flags) -> "Candidates":
        """Return some of the windows."""
        every = {name: each[places] for name, each in self._asdict().items()}
        return Candidates(**every)


class Views(NamedTuple):
    """Ways to see how alike the rows of windows are: [views, windows]; NaN where one sees nothing.

    Attributes:
        overdispersion: of windows of so many rows.
        evenness: see `mixture`.
        precision: see `likeness`.
    """

    overdispersion: Floats
    evenness: Floats
    precision: Floats

    def log_p(self, chi: Floats, df: Ints, *, extra: Floats, shift: Floats) -> Floats:
        """Return the largest log tail probability of chi-square over the views.

        Args:
            chi: chi-square of each window.
            df: degrees of freedom.
            extra: what the sampling of the other rows adds to the variance.
            shift: what a tolerated difference adds to chi-square.
        """
        scale = self.overdispersion + extra
        known = np.isfinite(scale)
        found = np.full(scale.shape, -np.inf)
        every = np.broadcast_arrays(chi, df.astype(np.float64), shift, scale)
        some, squares, shifts, scales = (each[known] for each in every)
        x = np.maximum(some / scales, NEARLY_NOTHING)
        found[known] = log_tail(
            x,
            squares,
            np.minimum(self.evenness[known], 1.0),
            shift=shifts / scales,
            precision=self.precision[known],
        )
        return np.asarray(found.max(axis=0))

    def correlations(self, rows: Ints) -> Floats:
        """Return the correlation of rows of one window in each view (Kish, 1965)."""
        return np.asarray(np.maximum(self.overdispersion - 1, 0) / np.maximum(rows - 1, 1))


def confirmed(
    table: Table,
    windows: Windows,
    found: Candidates,
    log_alpha: float,
    tolerate: float,
    past: Past | None,
) -> Flags:
    """Return which suspicious windows are alarms.

    Args:
        table: the references.
        windows: the windows.
        found: those that are suspicious.
        log_alpha: natural logarithm of the tail probability of one evaluation.
        tolerate: population stability index that is tolerated.
        past: older live counts; if None, the reference is the only view.
    """
    views, known = _views(table, windows, found, past)
    sample = found.rows / table.rows[found.columns]
    extra = sample * table.reference_overdispersion[found.columns]
    none = np.zeros(len(known))
    shift = np.asarray(TOLERATED * tolerate * found.rows, dtype=np.float64)
    yes = known & (views.log_p(found.chi, found.df, extra=extra, shift=none) < log_alpha)
    inflation = np.fmax.reduce(views.overdispersion) + extra
    if yes.any() and tolerate:
        yes &= _is_larger(found, inflation, tolerate)
    if yes.any() and tolerate:
        steady = views.log_p(found.chi, found.df, extra=extra, shift=shift) < log_alpha
        yes &= steady | _is_sudden(table, windows, found, views, inflation, log_alpha, past)
    if yes.any():
        yes[yes] = ~_is_over(
            table, windows, found.some(yes), np.fmin.reduce(views.correlations(found.rows))[yes]
        )
    return yes


def _views(
    table: Table, windows: Windows, found: Candidates, past: Past | None
) -> tuple[Views, Flags]:
    """Return the views of the windows, and which windows the live stream has a view of."""
    shape = VIEWS + 1, len(found.rows)
    every = np.full((3, *shape), np.nan)
    certain = np.full(shape[1], CERTAIN)
    every[:, 0] = table.overdispersion(found.columns, found.rows), found.evenness, certain
    if past is None:
        return Views(*every), np.ones(shape[1], dtype=bool)
    for length in np.unique(found.lengths).tolist():
        here = np.flatnonzero(found.lengths == length)
        columns, rows = found.columns[here], found.rows[here].astype(np.float64)
        every[:, 1, here] = _shortest(table, past, windows.seconds[length], columns, rows)
        for view in range(1, VIEWS):
            longer = windows.seconds[length] * LONGER**view
            if longer <= SCALES[-1]:
                seen = _learnt(table, past, longer).at(columns, rows)
                every[:, 1 + view, here] = seen
    return Views(*every), np.isfinite(every[0, 1]) & has_learnt(table, windows, past)[found.columns]


def has_learnt(table: Table, windows: Windows, past: Past) -> Flags:
    """Return for which columns the past is so long that it shows how alike rows are.

    The shortest windows may all lie in one spell of like rows, so windows four times as long must
    be known too; an hour of the shortest ones is enough in any case.
    """
    rows = table.row_counts(windows.sums)
    enough = rows >= MIN_ROWS
    shortest = np.array(windows.seconds)[enough.argmax(axis=0)]
    needed = np.minimum(LONGER * (MIN_WINDOWS + 1), MIN_WINDOWS + 1 + HOUR / shortest)
    return np.asarray(enough.any(axis=0) & (past.length >= needed * shortest))


def _learnt(table: Table, past: Past, length: int) -> Likeness:
    return past.remembered(
        length, lambda older: learn(table.starts, table.widths, table.flat, older, past.since)
    )


def _shortest(
    table: Table, past: Past, length: int, columns: Ints, rows: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the view of windows of this length, or of the longest shorter one that is known."""
    found = np.array(_learnt(table, past, length).at(columns, rows))
    for shorter in reversed([each for each in SCALES if each < length]):
        if not (missing := np.isnan(found[0])).any():
            break
        likeness = _learnt(table, past, shorter)
        found[:, missing] = likeness.at(columns[missing], rows[missing])
    return found[0], found[1], found[2]


def _is_larger(found: Candidates, inflation: Floats, tolerate: float) -> Flags:
    """Return which windows differ by more than tolerated, by some standard errors.

    The root of the index has a standard error that does not depend on its size.
    """
    effective = found.rows / inflation
    root = np.sqrt(np.maximum(found.psi - found.df / effective, 0))
    return np.asarray(root - ERRORS / np.sqrt(effective) > np.sqrt(tolerate))


def _is_sudden(
    table: Table,
    windows: Windows,
    found: Candidates,
    views: Views,
    inflation: Floats,
    log_alpha: float,
    past: Past | None,
) -> Flags:
    """Return which windows differ from the older live rows too."""
    if past is None:
        return np.ones(len(found.rows), dtype=bool)
    before = _before(table, windows, found, past)
    rows = before.sum(axis=1)
    live = table.cells(windows.sums[found.lengths], found.columns).astype(np.float64)
    chi, df = _two_samples(live, before, inflation)
    share = found.rows / np.maximum(rows, 1)
    alike = share * (1 + rows * np.fmin.reduce(views.correlations(found.rows)))
    p = views.log_p(chi * (1 + share), np.maximum(df, 1), extra=alike, shift=np.zeros(len(chi)))
    return np.asarray((df > 0) & (p < log_alpha))


def _before(table: Table, windows: Windows, found: Candidates, past: Past) -> Floats:
    """Return the counts of older rows of each window's column, without those that were broken."""
    every = np.zeros((len(found.rows), len(table.flat)), dtype=np.int64)
    for place, (length, column) in enumerate(zip(found.lengths, found.columns, strict=True)):
        counts = past.before(windows.seconds[length], after=int(past.since[column]))
        every[place] = counts[: len(table.flat)]
    return table.cells(every, found.columns).astype(np.float64)


def _two_samples(live: Floats, older: Floats, inflation: Floats) -> tuple[Floats, Ints]:
    """Return chi-square of two samples and its degrees of freedom.

    Cells that expect less than one row are pooled. It is the smaller one of Pearson's statistic
    and the likelihood ratio, since either may be too large where a cell has few rows. In a cell
    that older rows hardly have, Pearson's counts once it has more rows than usually come together.
    """
    n, m = (np.maximum(each.sum(axis=1), 1)[:, None] for each in (live, older))
    live, older = _pooled(live, older, small=(live + older) / (n + m) * n < 1)
    share = (live + older) / (n + m)
    pearson, likelihood = np.zeros((2, *live.shape))
    for counts, rows in ((live, n), (older, m)):
        expected = np.where(share > 0, rows * share, 1.0)
        pearson += np.where(share > 0, (counts - expected) ** 2 / expected, 0)
        likelihood += 2 * counts * np.log(np.maximum(counts, np.finfo(float).tiny) / expected)
    together = np.maximum(NOVEL_LIVE, NOVEL_CLUSTERS * inflation)[:, None]
    novel = (older < HARDLY * m) & (live >= np.maximum(together, NOVEL_SHARE * n))
    others = [np.where(novel, 0, each).sum(axis=1) for each in (pearson, likelihood)]
    return np.where(novel, pearson, 0).sum(axis=1) + np.minimum(*others), (share > 0).sum(
        axis=1
    ) - 1


def _pooled(live: Floats, older: Floats, *, small: Flags) -> tuple[Floats, Floats]:
    """Return the counts with the small cells in one at the end."""
    pools = (np.where(small, each, 0).sum(axis=1) for each in (live, older))
    kept = (np.where(small, 0, each) for each in (live, older))
    first, second = map(np.column_stack, zip(kept, pools, strict=True))
    return first, second


def _is_over(table: Table, windows: Windows, found: Candidates, correlation: Floats) -> Flags:
    """Return which windows' difference has ended: newer rows that would show it do not."""
    lengths, places = np.divmod(np.arange(len(windows.seconds) * len(found.rows)), len(found.rows))
    columns = found.columns[places]
    rows = table.row_counts(windows.sums)
    n = rows[lengths, columns]
    seconds = np.array(windows.seconds)
    alike = np.maximum(table.overdispersion(columns, n), 1 + n * correlation[places])
    shorter = 2 * seconds[lengths] <= seconds[found.lengths[places]]
    over = np.zeros(len(found.rows), dtype=bool)
    if (some := np.flatnonzero(shorter & (n >= MIN_ROWS))).size:
        size, left = _size_and_left(
            table, windows, found.some(places[some]), lengths[some], alike[some]
        )
        ended = (n[some] * size >= CLEAR * alike[some]) & (left < LEFT * size)
        np.logical_or.at(over, places[some], ended)
    return over


def _size_and_left(
    table: Table, windows: Windows, found: Candidates, newer: Ints, alike: Floats
) -> tuple[Floats, Floats]:
    """Return the difference of windows, and that of newer ones, without the noise.

    Fewer rows fill fewer cells, so the window's is that of as many of its rows.
    """
    live = table.cells(windows.sums[newer], found.columns)
    whole = table.cells(windows.sums[found.lengths], found.columns)
    part = compare(table, found.columns, whole * (live.sum(axis=1) / found.rows)[:, None])
    seen = compare(table, found.columns, live)
    size = part.psi - part.df * found.inflation / found.rows
    return size, seen.psi - seen.df * alike / live.sum(axis=1)
