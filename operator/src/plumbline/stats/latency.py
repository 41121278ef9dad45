"""Latencies in buckets whose bounds grow by a constant ratio: counts add up over pods and time."""

import math
from collections.abc import Sequence

from plumbline.stats.sequential import chance_below

# The quantile of the latency that is compared: p95.
SHARE = 0.95


def slower_than(counts: Sequence[int], bounds: Sequence[float], limit: float) -> int:
    """Return how many values are certainly above a limit: those in buckets that begin above it."""
    lowers = (0.0, *bounds)
    return sum(count for count, lower in zip(counts, lowers, strict=True) if lower >= limit)


def upper_quantile(counts: Sequence[int], bounds: Sequence[float], alpha: float) -> float:
    """Return an upper bound of the true p95; infinite with too few values.

    It is the smallest bound of a bucket that certainly less than a twentieth of the values exceed.
    The bound holds at all evaluations together: at the true quantile, the test of that share is
    wrong with at most the chance alpha (the binomial argument of order statistics, made sequential:
    Howard and Ramdas 2022).
    """
    total = above = sum(counts)
    for bound, count in zip(bounds, counts, strict=False):
        above -= count
        if chance_below(above, total, 1 - SHARE) < alpha:
            return bound
    return math.inf


def reached(counts: Sequence[int], bounds: Sequence[float]) -> float:
    """Return the bound of the bucket with the p95; infinite in the last bucket."""
    total, below = sum(counts), 0
    for bound, count in zip(bounds, counts, strict=False):
        below += count
        if below >= SHARE * total:
            return bound
    return math.inf


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float = SHARE) -> float:
    """Return a quantile of bucketed values, interpolated inside its bucket; NaN without values."""
    total = sum(counts)
    if not total:
        return math.nan
    reached, lower = 0, 0.0
    for number, count in enumerate(counts):
        upper = bounds[number] if number < len(bounds) else 2 * bounds[-1]
        if count and reached + count >= share * total:
            return lower + (upper - lower) * (share * total - reached) / count
        reached, lower = reached + count, upper
    return lower
