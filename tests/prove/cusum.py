"""The CUSUM that was weighed against windows, see docs/adr/0006.

Each row scores the normal quantile of its cell, scaled to mean 0 and variance 1 over the reference.
Both sides add up score less allowance and never fall below 0 (Page, 1954). The threshold gives the
run length of the default budget, shared by thirty columns and two sides (Siegmund, 1985).
"""

import math
from statistics import NormalDist

import numpy as np
from plumbline.stats.bins import ColumnBins, Counts
from plumbline.stats.drift import SECONDS_A_MONTH

from tests.prove import streams

COLUMNS, SIDES, BISECTIONS = 30, 2, 80


def scores(bins: ColumnBins) -> np.ndarray:
    """Return the score of a row in each cell."""
    share = np.array(bins.counts) + 0.5
    share = share / share.sum()
    middle = np.cumsum(share) - share / 2
    quantile = np.array([NormalDist().inv_cdf(each) for each in middle])
    quantile -= (quantile * share).sum()
    return quantile / math.sqrt((quantile**2 * share).sum())


def allowance(bins: ColumnBins, tolerate: float) -> float:
    """Return the mean shift that is harmless, and three errors of the reference's own mean.

    A normal that has shifted by d deviations has a population stability index of d squared.
    """
    return math.sqrt(tolerate) + 3 / math.sqrt(bins.rows)


def threshold(allowed: float, rows: float) -> float:
    """Return what a side exceeds once in so many rows of the reference."""
    low, high = 0.0, 1e5
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        exponent = min(700.0, 2 * allowed * (middle + 1.166))
        between = (math.exp(exponent) - exponent - 1) / (2 * allowed**2)
        low, high = (middle, high) if between < rows else (low, middle)
    return high


def seconds_to_alarm(bins: ColumnBins, counts: Counts, tolerate: float) -> int | None:
    """Return the second at which a side exceeds the threshold."""
    allowed = allowance(bins, tolerate)
    month = SECONDS_A_MONTH * streams.RATE * COLUMNS * SIDES
    limit, up, down = threshold(allowed, month), 0.0, 0.0
    for second, (total, rows) in enumerate(
        zip(counts @ scores(bins), counts.sum(axis=1), strict=True)
    ):
        up = max(0.0, up + total - allowed * rows)
        down = max(0.0, down - total - allowed * rows)
        if max(up, down) > limit:
            return second + 1
    return None
