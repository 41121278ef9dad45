"""More missing values than in the reference, though in no window as many as a jump needs."""

import numpy as np

from plumbline.stats.bins import Layout
from plumbline.stats.broken import Broken, null_counts
from plumbline.stats.confirmation import MIN_ROWS
from plumbline.stats.rise import ENOUGH_WINDOWS, Older, Share, alike, lasts, log_rise
from plumbline.stats.windows import Windows

# The share must be larger by so much, and twice as large.
RISE, TIMES = 0.025, 2.0
# Whether a share is unusual among live rows is seen in windows of so many seconds.
SETTLED = 8


def null_rises(layout: Layout, windows: Windows, older: Older, *, log_alpha: float) -> list[Broken]:
    """Return the columns whose missing values have risen in one of the windows.

    Args:
        layout: the columns.
        windows: what came.
        older: what came before.
        log_alpha: natural logarithm of the tail probability of one evaluation.
    """
    if not layout.columns:
        return []
    cells = list(layout.slices.values())
    nulls, rows = null_counts(layout, windows)
    known = np.array([column.counts[-1] / column.rows for column in layout.columns])
    needed = np.maximum(known + RISE, TIMES * known)
    hits = np.argwhere((rows >= MIN_ROWS) & (nulls >= np.maximum(needed * rows, 1)))
    found: dict[str, Broken] = {}
    for window, place in hits.tolist():
        column = layout.columns[place]
        live = Share(int(nulls[window, place]), int(rows[window, place]))
        before = older(windows.seconds[window])[:, cells[place]]
        seen = [Share(int(each[-1]), int(each.sum())) for each in before]
        factor = alike(column, column.null_spike, live, seen)
        shares = nulls[:, place] / np.maximum(rows[:, place], 1)
        if factor is None or not lasts(shares, rows[:, place] >= MIN_ROWS, window):
            continue
        if not column.counts[-1]:  # then they may come as alike as the values do
            factor = max(factor, _likeness(layout, place, int(live.of)))
        if log_rise(live, Share(column.counts[-1], column.rows), factor) < log_alpha:
            found.setdefault(
                column.name,
                Broken(column=column.name, rule="NullRise", rows=int(live.rows), of=int(live.of)),
            )
    return list(found.values())


def _likeness(layout: Layout, place: int, rows: int) -> float:
    return float(layout.table.overdispersion(np.array([place]), np.array([rows]))[0])


def unusual(layout: Layout, found: list[Broken], older: Older) -> list[Broken]:
    """Return the jumps that older live rows do not show too, where the reference has no order.

    Such a reference does not show that an hour has one weather; older live rows do.
    """
    ordered = {column.name for column in layout.columns if column.ordered}
    return [each for each in found if each.column in ordered or _is_unusual(layout, each, older)]


def _is_unusual(layout: Layout, found: Broken, older: Older) -> bool:
    column = next(each for each in layout.columns if each.name == found.column)
    before = older(SETTLED)
    cells = before[:, layout.slices[column.name]]
    if found.rule == "ValueJump" and column.kind == "number":
        of = cells = before[:, layout.values[column.name]]
        often = cells.max(axis=1, initial=0)
    elif found.rule == "ValueJump":
        of, often = cells[:, :-1], cells[:, : column.single].max(axis=1, initial=0)
    else:
        of, often = cells, cells[:, -1]
    rows = of.sum(axis=1)
    shares = often[rows > 0] / rows[rows > 0]
    return len(shares) >= ENOUGH_WINDOWS and bool(found.rows / found.of > shares.max())
