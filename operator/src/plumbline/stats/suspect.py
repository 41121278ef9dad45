"""Changes of live values that are probably faults of the system that sends them.

- OneValue: one value takes the place of a tenth of the others or more, such as 0 or -999 for what
  is missing. Numbers are counted by a hash of their leading digits: a smooth distribution fills all
  these cells alike, wherever it moves, and only a repeated value fills one.
- Scale: a tenth of the values are three ranges outside the training data, or nearly all are in a
  small part of it without being equal: another unit.
- NewSpelling: values that the reference does not have take the place of one category. A category
  that is really new takes rows from all others.

Unlike broken data such changes may be real. So a person confirms them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plumbline.stats.bins import PREDICTION, ColumnBins, Counts, Layout, Spikes
from plumbline.stats.broken import log_chance
from plumbline.stats.confirmation import MIN_ROWS
from plumbline.stats.rise import LONGEST, Older, Share, alike, alike_cells, lasts, log_rise
from plumbline.stats.text import number
from plumbline.stats.windows import Windows

SURPLUS, VARIED = 0.1, 0.2
FAR_SHARE, SMALL_PART, MIN_SQUEEZED = 0.1, 0.25, 200
# Of a part inside the training data, and of one outside, where another season may be.
NEARLY_ALL, ALL = 0.99, 0.998
ALIKE = 2.0
NEW_SHARE, FROM_ONE = 0.02, 4.0
NAMED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A change that is probably a fault: `rows` of `of` rows show it.

    Attributes:
        saw: what was seen, for people.
        seconds: length of the window.
    """

    column: str
    rule: str
    saw: str
    rows: int
    of: int
    seconds: int = 0


def suspects(layout: Layout, windows: Windows, older: Older, *, log_alpha: float) -> list[Suspect]:
    """Return one change for each column that is suspect.

    Args:
        layout: the columns.
        windows: what came.
        older: what came before.
        log_alpha: natural logarithm of the tail probability of one evaluation.
    """
    found: dict[str, Suspect] = {}
    for each in _all(layout, windows.up_to(LONGEST), older, log_alpha):
        found.setdefault(each.column, each)
    return list(found.values())


def _all(layout: Layout, windows: Windows, older: Older, log_alpha: float) -> Iterator[Suspect]:
    yield from _one_value(layout, windows, older, log_alpha)
    for column in layout.columns:
        if column.name == PREDICTION:  # odd predictions follow from odd features
            continue
        if column.kind == "number" and column.outer > 1:
            yield from _outside(layout, column, windows, log_alpha)
            yield from _squeezed(layout, column, windows, older, log_alpha)
        elif column.kind == "category":
            yield from _new_spelling(layout, column, windows, older, log_alpha)


def _one_value(
    layout: Layout, windows: Windows, older: Older, log_alpha: float
) -> Iterator[Suspect]:
    columns = [c for c in layout.columns if c.name in layout.values and _varies(c)]
    if not columns:
        return
    values = np.stack([windows.sums[:, layout.values[c.name]] for c in columns], axis=1)
    known = np.array([column.value_counts for column in columns])
    of = values.sum(axis=2)
    surplus = values / np.maximum(of, 1)[:, :, None] - known / known.sum(axis=1)[:, None]
    hits = (surplus.max(axis=2) >= SURPLUS) & (of >= MIN_ROWS)
    for window, place in np.argwhere(hits).tolist():
        column, cell = columns[place], int(surplus[window, place].argmax())
        live = Share(int(values[window, place, cell]), int(of[window, place]))
        shares = values[:, place, cell] / np.maximum(of[:, place], 1)
        if lasts(shares, of[:, place] >= MIN_ROWS, window) and _repeated(
            layout, column, cell, live, older(windows.seconds[window]), log_alpha
        ):
            yield _suspect_value(layout, column, windows, window, live, known[place, cell])


def _varies(column: ColumnBins) -> bool:
    """Return whether no value of a column is frequent in the reference."""
    counts = column.value_counts
    return bool(column.value_spike and counts) and max(counts) <= VARIED * sum(counts)


def _repeated(
    layout: Layout, column: ColumnBins, cell: int, live: Share, older: Counts, log_alpha: float
) -> bool:
    """Return whether a value is more frequent than any value in windows of as many rows."""
    before = older[:, layout.values[column.name]]
    fullest = [Share(int(each.max()), int(each.sum())) for each in before]
    usual, _ = log_chance(column.value_spike, share=live.share, rows=int(live.of))
    if live.share <= max([usual, *(each.share for each in fullest)]):
        return False
    factor = alike_cells(column, column.value_spike, live, before)
    known = Share(column.value_counts[cell], sum(column.value_counts))
    limit = log_alpha - math.log(len(column.value_counts))
    return factor is not None and log_rise(live, known, factor) < limit


def _suspect_value(
    layout: Layout, column: ColumnBins, windows: Windows, window: int, live: Share, known: int
) -> Suspect:
    cells = windows.sums[window, layout.slices[column.name]][:-1]
    expected = np.array(column.counts[:-1]) / max(1, sum(column.counts[:-1]))
    place = int((cells / max(1, cells.sum()) - expected).argmax())
    usual = known / sum(column.value_counts)
    saw = f"one value {_where(column, place)} has {live.share:.0%} of the rows"
    saw += f" (training data: at most {usual:.0%})"
    return _suspect(column, "OneValue", saw, live, windows.seconds[window])


def _outside(
    layout: Layout, column: ColumnBins, windows: Windows, log_alpha: float
) -> Iterator[Suspect]:
    """Find one value outside the training data, or many values far outside it."""
    cells = windows.sums[:, layout.slices[column.name]]
    of = cells[:, :-1].sum(axis=1)
    inside = cells[:, column.outer : -1 - column.outer].sum(axis=1)
    if (of - inside < FAR_SHARE * np.maximum(of, 1)).all():
        return
    total = sum(column.counts[:-1])
    for places in (list(column.novel), [0, column.size - 2]):
        rows = cells[:, places].sum(axis=1)
        known = Share(sum(column.counts[place] for place in places), total)
        for window in np.flatnonzero((of >= MIN_ROWS) & (rows >= FAR_SHARE * of)).tolist():
            live = Share(int(rows[window]), int(of[window]))
            is_one = _varies(column) and _is_one_value(layout, column, windows, window, live.share)
            there = lasts(rows / np.maximum(of, 1), of >= MIN_ROWS, window)
            clear = log_rise(live, known, 1.0) < log_alpha
            if not (there and clear and (is_one or len(places) == 2)):
                continue
            where = _where(column, max(places, key=lambda place: int(cells[window, place])))
            if is_one:
                saw = f"one value {where}, outside the training data, has {live.share:.0%}"
                yield _suspect(column, "OneValue", saw, live, windows.seconds[window])
            else:
                saw = f"{live.share:.0%} of the values are {where}, far outside the training data"
                yield _suspect(column, "Scale", saw, live, windows.seconds[window])
            return


def _squeezed(
    layout: Layout, column: ColumnBins, windows: Windows, older: Older, log_alpha: float
) -> Iterator[Suspect]:
    most = windows.sums[:, layout.slices[column.name]][:, :-1]
    if (2 * most.max(axis=1) < NEARLY_ALL * most.sum(axis=1)).all() or not _varies(column):
        return
    cells = _pairs(windows.sums[:, layout.slices[column.name]])
    needed = np.full(column.size - 2, NEARLY_ALL)
    needed[: column.outer] = needed[-column.outer :] = ALL
    of = windows.sums[:, layout.slices[column.name]][:, :-1].sum(axis=1)
    counts = _pairs(np.array([column.counts]))[0]
    known, total = counts, sum(column.counts[:-1])
    small = known <= SMALL_PART * total
    full = (of >= MIN_SQUEEZED)[:, None] & (cells >= needed * of[:, None]) & small
    for window, cell in np.argwhere(full)[:1].tolist():
        live = Share(int(cells[window, cell]), int(of[window]))
        before = older(windows.seconds[window])[:, layout.slices[column.name]]
        pairs, sums = _pairs(before)[:, cell], before[:, :-1].sum(axis=1)
        factor = alike_cells(column, _likeness(column), live, before[:, :-1])
        # Where rows are alike, some hundred of them often are in a small part.
        if factor is None or factor > ALIKE or (pairs >= live.share * sums)[sums > 0].any():
            continue
        if _is_one_value(layout, column, windows, window, VARIED):
            continue
        if log_rise(live, Share(int(known[cell]), total), factor) < log_alpha:
            saw = f"{live.share:.0%} of the values are {_where(column, cell, cell + 1)}"
            saw += f" (training data: {known[cell] / total:.0%}); other unit?"
            yield _suspect(column, "Scale", saw, live, windows.seconds[window])


def _likeness(column: ColumnBins) -> Spikes:
    """Return the overdispersion of all cells in the form of that of a share."""
    return tuple((rows, 1.0, phi) for rows, phi, _ in column.overdispersion)


def _pairs(cells: Counts) -> Counts:
    """Return the counts of neighbouring cells with values."""
    return np.asarray(cells[..., :-2] + cells[..., 1:-1])


def _is_one_value(
    layout: Layout, column: ColumnBins, windows: Windows, window: int, share: float
) -> bool:
    """Return whether one value has such a share of the rows, and more than any usually has."""
    values = windows.sums[window, layout.values[column.name]]
    usual, _ = log_chance(column.value_spike, share=1.0, rows=int(values.sum()))
    return bool(values.max() > max(share * 0.9, usual) * values.sum())


def _suspect(column: ColumnBins, rule: str, saw: str, live: Share, seconds: int) -> Suspect:
    return Suspect(
        column=column.name,
        rule=rule,
        saw=saw,
        rows=int(live.rows),
        of=int(live.of),
        seconds=seconds,
    )


def _new_spelling(
    layout: Layout, column: ColumnBins, windows: Windows, older: Older, log_alpha: float
) -> Iterator[Suspect]:
    cells = windows.sums[:, layout.slices[column.name]][:, :-1]
    new, of = cells[:, -1], cells.sum(axis=1)
    known = Share(column.counts[-2], sum(column.counts[:-1]))
    often = (of >= MIN_ROWS) & (new >= (NEW_SHARE + known.share) * of)
    for window in np.flatnonzero(often).tolist():
        live = Share(int(new[window]), int(of[window]))
        lost = _lost(column, cells[window])
        if lost < 0 or not lasts(new / np.maximum(of, 1), of >= MIN_ROWS, window):
            continue
        before = older(windows.seconds[window])[:, layout.slices[column.name]][:, :-1]
        seen = [Share(int(each[-1]), int(each.sum())) for each in before]
        factor = alike(column, _likeness(column), live, seen)
        if factor is not None and log_rise(live, known, factor) < log_alpha:
            now, then = cells[window, lost] / live.of, column.counts[lost] / known.of
            saw = f"new values have {live.share:.0%} of the rows, and"
            saw += f" {column.categories[lost][:NAMED]} has {now:.0%} instead of {then:.0%}"
            yield _suspect(column, "NewSpelling", saw, live, windows.seconds[window])
            return


def _lost(column: ColumnBins, cells: Counts) -> int:
    """Return the category that the new values come from; -1 if they may come from all.

    The likelihoods of both are compared: one category loses all these rows, or each loses as many
    as its share.
    """
    own = len(column.categories)
    total, rows = sum(column.counts[:-1]), cells.sum()
    shares = (np.array(column.counts[:-1]) + 0.5) / total
    gained = cells[-1] / rows - column.counts[-2] / total
    if not own or gained <= 0 or rows == cells[-1]:
        return -1
    left = shares * (1 - cells[-1] / rows) / (1 - shares[-1])
    gain = cells[:-1] * np.log(shares[:-1] / left[:-1])
    from_one = np.maximum(shares[:own] - gained, 0.5 / rows)
    likelier = gain.sum() - gain[:own] + cells[:own] * np.log(from_one / left[:own])
    likelier[shares[:own] < 0.9 * gained] = -np.inf
    best = int(likelier.argmax())
    return best if likelier[best] > FROM_ONE + math.log(own) else -1


def _where(column: ColumnBins, first: int, last: int | None = None) -> str:
    """Return where cells are, as people say it."""
    last, edges = first if last is None else last, column.edges
    if last >= len(edges):
        return f"above {number(edges[first - 1])}"
    if first == 0:
        return f"below {number(edges[last])}"
    return f"from {number(edges[first - 1])} to {number(edges[last])}"
