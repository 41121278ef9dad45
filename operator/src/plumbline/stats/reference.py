"""Learns how much windows of the reference vary, with its rows in time order.

Neighbouring rows are alike: the flights of an hour share the weather, a queue has customers of one
kind. Windows of such rows differ from the whole far more than independent rows would. The
overdispersion is the mean of a window's chi-square over its degrees of freedom (McCullagh and
Nelder, Generalized Linear Models, 4.5). It is computed for window sizes of 1, 2, 4, ... times the
smallest, plus three standard errors, since there may be few windows. Of rows in an order by hash
nothing of this can be learnt.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import VALUE_CELLS, ColumnBins, Spikes
from plumbline.stats.cells import HASHED, OUTER, categories, number_edges
from plumbline.stats.comparison import compare
from plumbline.stats.count import count_column
from plumbline.stats.table import Table
from plumbline.stats.values import careful_mean, cells_of, spikes

FIRST_SIZE, MIN_WINDOWS, FEW_WINDOWS, MOST_WINDOWS = 64, 6, 50, 400
SHORT_SIZE, SHORT_WINDOWS, FEW_ROWS = 8, 12, 1536


def number_bins(name: str, values: NDArray[Any], *, ordered: bool = True) -> ColumnBins | None:
    """Return the bins of a number column; None when it is empty.

    Args:
        name: of the column.
        values: in time order.
        ordered: whether they are; if not, they are in an order by hash.
    """
    floats = np.asarray(values, dtype=np.float64)
    present = floats[np.isfinite(floats)]
    if not len(present):
        return None
    edges = number_edges(present)
    counts = (0,) * (len(edges) + 2)
    empty = ColumnBins(
        name=name,
        kind="number",
        edges=edges,
        outer=OUTER,
        counts=counts,
        value_counts=tuple(np.bincount(cells_of(present), minlength=VALUE_CELLS).tolist()),
        ordered=ordered,
    )
    return _learnt(empty, floats)


def category_bins(
    name: str, values: Sequence[Any] | NDArray[Any], *, ordered: bool = True
) -> ColumnBins | None:
    """Return the bins of a category column, see `number_bins`; None when it is empty.

    New rows have unseen values about as often as rows of the reference have a value that no other
    row has (Good and Turing, 1953). So such values of the reference count as unseen.
    """
    texts = [None if v is None or v != v else str(v) for v in values]
    rows = Counter(text for text in texts if text is not None)
    if not rows:
        return None
    own, known, share = categories(rows)
    alone = frozenset(text for text in known if rows[text] == 1)
    empty = ColumnBins(
        name=name,
        kind="category",
        categories=own,
        rare=known - alone,
        hashed=HASHED,
        known_share=share,
        counts=(0,) * (len(own) + HASHED + 2),
        ordered=ordered,
    )
    return replace(_learnt(empty, np.array(texts, dtype=object)), rare=known)


def as_alike(bins: ColumnBins, others: Sequence[ColumnBins]) -> ColumnBins:
    """Return bins whose overdispersion is at least that of every other column.

    If rows are not in time order, their windows do not show how alike neighbouring live rows are.
    """
    every = (bins, *others)
    sizes = sorted({size for each in every for size, _, _ in each.overdispersion})
    table, columns = Table(every), np.arange(len(every))
    spread = tuple(
        (
            size,
            float(table.overdispersion(columns, np.full(len(every), size)).max()),
            float(table.evenness(columns, np.full(len(every), size)).min()),
        )
        for size in sizes
    )
    return replace(bins, overdispersion=spread)


def _learnt(empty: ColumnBins, values: NDArray[Any]) -> ColumnBins:
    """Add the counts, and the overdispersion of windows of each size."""
    size = FIRST_SIZE if len(values) >= FEW_ROWS else SHORT_SIZE
    parts = [
        count_column(empty, values[start : start + size]) for start in range(0, len(values), size)
    ]
    counts = np.sum(parts, axis=0)
    filled = replace(empty, counts=tuple(counts.tolist()))
    windows = np.array(parts[: len(values) // size] or [counts])
    return replace(
        filled,
        overdispersion=_likeness(filled, windows, size) if empty.ordered else (),
        null_spike=spikes((values == values).astype(np.int64), 1),
        value_spike=_value_spikes(filled, values),
    )


def _value_spikes(bins: ColumnBins, values: NDArray[Any]) -> Spikes:
    """Return the largest share of one value in a window, among the rows that have a value."""
    if bins.kind == "number":
        return spikes(cells_of(values[~np.isnan(values)]), VALUE_CELLS)
    cells = [bins.codes[v] for v in values if v is not None]
    return spikes(np.array(cells, dtype=np.int64), bins.single)


def _likeness(bins: ColumnBins, windows: NDArray[np.int64], size: int) -> Spikes:
    return tuple(_by_size(bins, windows) or _unpooled(bins, windows, size))


def _by_size(bins: ColumnBins, windows: NDArray[np.int64]) -> list[tuple[int, float, float]]:
    """Return size, overdispersion and evenness for windows of doubling size.

    The overdispersion never falls with the size: a few long windows may vary little by chance.
    Sizes at which all cells are pooled are not listed, because their windows show nothing.
    """
    found: list[tuple[int, float, float]] = []
    size = FIRST_SIZE if bins.rows >= FEW_ROWS else 0
    while size and len(windows) >= MIN_WINDOWS:
        if learnt := _overdispersion(bins, windows):
            phi, even = learnt
            if found and len(windows) < FEW_WINDOWS:
                phi, even = max(phi, found[-1][1]), min(even, found[-1][2])
            found.append((size, phi, even))
        windows, size = _doubled(windows), size * 2
    return found


def _unpooled(
    bins: ColumnBins, windows: NDArray[np.int64], size: int
) -> list[tuple[int, float, float]]:
    """Return the same when no window has cells of five rows: few rows, or a nearly constant column.

    The mean of chi-square does not need cells of five rows, only its tail does.
    """
    counts, found = np.asarray(bins.counts, dtype=np.float64), []
    seen = counts > 0
    df = int(seen.sum()) - 1
    while df and len(windows) >= SHORT_WINDOWS:
        expected = size * counts[seen] / counts.sum()
        ratios = ((windows[:, seen] - expected) ** 2 / expected).sum(axis=1) / df
        found.append((size, round(careful_mean(ratios), 4), 1.0))
        windows, size = _doubled(windows), size * 2
    return found


def _doubled(windows: NDArray[np.int64]) -> NDArray[np.int64]:
    even = windows[: len(windows) // 2 * 2]
    return np.asarray(even[0::2] + even[1::2])


def _overdispersion(bins: ColumnBins, windows: NDArray[np.int64]) -> tuple[float, float] | None:
    """Return the overdispersion of windows of one size, and its evenness.

    The overdispersion is the mean chi-square per degree of freedom plus three standard errors, at
    least 1. The evenness is the variance of a chi-square with this mean over the measured variance:
    below 1 when a window has only a few blocks of similar rows. One standard error is added, so
    that chance does not make independent rows look alike.
    """
    step = max(1, len(windows) // MOST_WINDOWS)
    some = windows[::step]
    found = compare(Table([bins]), np.zeros(len(some), dtype=np.int64), some)
    if np.count_nonzero(judged := found.df > 0) < MIN_WINDOWS:
        return None
    ratios, df = found.pearson[judged] / found.df[judged], found.df[judged].mean()
    mean, variance, n = float(ratios.mean()), float(ratios.var(ddof=1)), len(ratios)
    even = 2 * mean**2 / df / variance if variance else 1.0
    even *= 1 + math.sqrt((2 + 12 / df) / n)
    return round(careful_mean(ratios), 4), round(float(min(1.0, max(even, 1 / df))), 4)
