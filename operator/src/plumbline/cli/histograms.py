"""The shares of values then and now, in the same bars."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plumbline.cli.comparison import ColumnResult, Comparison
from plumbline.cli.references import values_of

BARS, CATEGORIES, TAIL = 30, 12, 0.005


class Histogram(NamedTuple):
    """Shares of the rows in bars.

    Attributes:
        labels: what each bar has.
        then: share of the first table's rows.
        now: share of the second table's rows.
    """

    labels: tuple[str, ...]
    then: tuple[float, ...]
    now: tuple[float, ...]


def histogram(found: Comparison, column: ColumnResult) -> Histogram:
    """Return the histogram of a column; missing values have the last bar."""
    then, now = (values_of(table, column.bins) for table in (found.reference, found.current))
    return _numbers(then, now) if column.kind == "number" else _categories(then, now)


def _numbers(then: NDArray[np.float64], now: NDArray[np.float64]) -> Histogram:
    """Count in bars of equal width; those at the ends have all that is beyond."""
    ends = [
        np.quantile(each[~np.isnan(each)], (TAIL, 1 - TAIL)) for each in (then, now) if _has(each)
    ]
    low, high = float(np.min(ends)), float(np.max(ends))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    labels = [f"{a:.4g} to {b:.4g}" for a, b in pairwise(edges.tolist())]
    return Histogram((*labels, "missing"), _shares(then, edges), _shares(now, edges))


def _has(values: NDArray[np.float64]) -> bool:
    return not np.isnan(values).all()


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, ...]:
    present = values[~np.isnan(values)]
    counts, _ = np.histogram(np.clip(present, edges[0], edges[-1]), bins=edges)
    every = [*counts.tolist(), len(values) - len(present)]
    return tuple(each / max(1, len(values)) for each in every)


def _categories(then: NDArray[Any], now: NDArray[Any]) -> Histogram:
    """Count the values that are most frequent in either table, all others, and missing ones."""
    before, after = _frequencies(then), _frequencies(now)
    known = sorted(
        {*before, *after} - {None}, key=lambda v: -max(before.get(v, 0), after.get(v, 0))
    )
    top = known[:CATEGORIES]
    both = []
    for each in (before, after):
        shares = [each.get(value, 0.0) for value in top]
        none = each.get(None, 0.0)
        both.append((*shares, max(0.0, sum(each.values()) - sum(shares) - none), none))
    return Histogram((*map(str, top), "other values", "missing"), both[0], both[1])


def _frequencies(values: NDArray[Any]) -> Mapping[Any, float]:
    return {v: n / len(values) for v, n in Counter(values.tolist()).items()}
