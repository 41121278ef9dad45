"""Learns from the reference what its windows look like, in the order in which its rows came.

Rows that come together are alike: one hour shares one weather, a queue brings one kind of customer.
Windows of such rows differ from the whole by far more than independent rows would. The
overdispersion is the mean of a window's chi-square over its degrees of freedom (McCullagh and
Nelder, Generalized Linear Models, 4.5), learnt for windows of doubling size, plus three standard
errors since windows may be few.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import (
    CATEGORIES,
    RARE,
    VALUE_CELLS,
    ColumnBins,
    Counts,
    Spikes,
    number_edges,
)
from plumbline.stats.count import count_column
from plumbline.stats.drift import compare
from plumbline.stats.values import cells_of, spikes

FIRST_SIZE, MIN_WINDOWS, MOST_WINDOWS = 64, 6, 400


def number_bins(name: str, values: NDArray[Any]) -> ColumnBins | None:
    """Return the bins of a number column, values in time order; None when it is empty."""
    floats = np.asarray(values, dtype=np.float64)
    present = floats[np.isfinite(floats)]
    if not len(present):
        return None
    edges = number_edges(present)
    empty = ColumnBins(name=name, kind="number", edges=edges, counts=(0,) * (len(edges) + 2))
    return _learnt(empty, floats)


def category_bins(name: str, values: Sequence[Any] | NDArray[Any]) -> ColumnBins | None:
    """Return the bins of a category column, values in time order; None when it is empty."""
    texts = [None if v is None or v != v else str(v) for v in values]
    common = Counter(text for text in texts if text is not None).most_common(CATEGORIES + RARE)
    if not common:
        return None
    names = [text for text, _ in common]
    top, rare = tuple(names[:CATEGORIES]), frozenset(names[CATEGORIES:])
    empty = ColumnBins(
        name=name, kind="category", categories=top, rare=rare, counts=(0,) * (len(top) + 3)
    )
    return _learnt(empty, np.array(texts, dtype=object))


def _learnt(empty: ColumnBins, values: NDArray[Any]) -> ColumnBins:
    """Fill in the counts, and what windows of each size look like."""
    parts = [
        count_column(empty, values[start : start + FIRST_SIZE])
        for start in range(0, len(values), FIRST_SIZE)
    ]
    counts = np.sum(parts, axis=0)
    filled = replace(empty, counts=tuple(counts.tolist()))
    windows = np.array(parts[: len(values) // FIRST_SIZE] or [counts])
    phi = []
    size = FIRST_SIZE
    while len(windows) >= MIN_WINDOWS:
        phi.append((size, *_overdispersion(filled, windows)))
        windows, size = _doubled(windows), size * 2
    return replace(
        filled,
        overdispersion=tuple(phi),
        null_spike=spikes((values == values).astype(np.int64), 1),
        value_spike=_value_spikes(filled, values),
    )


def _value_spikes(bins: ColumnBins, values: NDArray[Any]) -> Spikes:
    """Return how much of a window one value holds, of the rows that have a value."""
    if bins.kind == "number":
        return spikes(cells_of(values[~np.isnan(values)]), VALUE_CELLS)
    codes, width = bins.codes, len(bins.categories)
    return spikes(np.array([codes[v] for v in values if v is not None and v in codes]), width)


def _doubled(windows: NDArray[np.int64]) -> NDArray[np.int64]:
    even = windows[: len(windows) // 2 * 2]
    return np.asarray(even[0::2] + even[1::2])


def _overdispersion(bins: ColumnBins, windows: NDArray[np.int64]) -> tuple[float, float]:
    """Return the overdispersion of windows of one size, and the share of their degrees of freedom.

    The first is the mean chi-square per degree of freedom, with three standard errors, at least 1.
    The second comes from its variance (Satterthwaite): windows of a few like blocks vary more than
    a chi-square of all cells would.
    """
    step = max(1, len(windows) // MOST_WINDOWS)
    found = [_ratio(bins, window) for window in windows[::step]]
    ratios, freedom = np.array([r for r, _ in found]), float(np.mean([df for _, df in found]))
    mean, spread = float(ratios.mean()), float(ratios.var(ddof=1))
    phi = max(1.0, mean + 3 * math.sqrt(spread / len(ratios)))
    share = 2 * mean**2 / (spread * freedom) if spread and freedom else 1.0
    return round(phi, 4), round(min(1.0, max(share, 1 / max(1.0, freedom))), 4)


def _ratio(bins: ColumnBins, window: Counts) -> tuple[float, int]:
    statistic, df, _ = compare(bins, window)
    return (statistic / df, df) if df else (1.0, 1)
