"""Confidence bounds that hold for few rows, rare classes and heavy tails.

Each bound is that of a sum of rare events. Where the sample may lack the events that matter most,
one more is added: the largest that was seen, or larger where the sample's tail says so.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
# Set by simulation (tests/prove/gates.py), so that each bound of a regression holds for normal,
# Student-3 and lognormal errors from 50 rows on. EVEN is the number of rows that are one effective
# row of squared normal errors.
EVEN, SMALL, STEEPEST = 3.0, 60.0, 6.0


@dataclass(frozen=True, slots=True)
class Level:
    """The confidence of one side, and the number of independent groups.

    Attributes:
        side: one-sided confidence, such as 0.975.
        groups: groups of rows.
    """

    side: float
    groups: int

    @property
    def widening(self) -> float:
        """By how much a variance from so few groups is widened: Student's quantile, squared."""
        if self.groups < 2:
            return math.inf
        student = float(special.stdtrit(self.groups - 1, self.side))
        return (student / NormalDist().inv_cdf(self.side)) ** 2


def share_bounds(value: float, rows: float, level: Level) -> tuple[float, float]:
    """Return the bounds of a share of `rows` independent rows (Clopper and Pearson, 1934).

    `rows` need not be whole: it is the effective number (Korn and Graubard, 1998).
    """
    right, wrong = value * rows, (1 - value) * rows
    low = float(special.betaincinv(right, wrong + 1, 1 - level.side)) if right > 0 else 0.0
    high = float(special.betaincinv(right + 1, wrong, level.side)) if wrong > 0 else 1.0
    return low, high


def mean_low(mean: float, variance: float, level: Level) -> float:
    """Return the lower bound of a mean of losses: the gamma distribution with this variance."""
    return _gamma(mean, variance * level.widening, 1 - level.side)


def mean_high(mean: float, variance: float, extra: float, level: Level) -> float:
    """Return the upper bound of a mean of losses (Fay and Feuer, 1997).

    The sample gets one more loss. Without any other it is the rule of three.

    Args:
        mean: of the losses.
        variance: of their mean.
        extra: by how much the loss of one more row or group raises the mean.
        level: of the bound.
    """
    return _gamma(mean + extra, (variance + extra**2) * level.widening, level.side)


def _gamma(mean: float, variance: float, chance: float) -> float:
    """Return the quantile of the gamma distribution with this mean and variance."""
    if not mean or not variance:
        return mean
    if math.isinf(variance):
        return 0.0 if chance < 0.5 else math.inf
    shape = mean**2 / variance
    return float(special.gammaincinv(shape, chance)) * variance / mean


def effective_rows(losses: Floats) -> float:
    """Return how many rows with equal losses would make a mean as sure (Kish, 1965)."""
    squares = float((losses**2).sum())
    return float(losses.sum()) ** 2 / squares if squares else float(len(losses))


def tail_factor(losses: Floats) -> float:
    """Return how many times the largest loss the loss of an unseen row may be.

    A sample from a heavy tail mostly lacks its largest losses, and the more so the fewer rows it
    has. The effective number of rows shows both.
    """
    rows = effective_rows(losses)
    steep = min(STEEPEST, max(1.0, len(losses) / rows / EVEN))
    return (1 + SMALL / rows) * steep


def gain_low(parts: Floats, flip: float, level: Level) -> float:
    """Return the lower bound of a sum of gains and losses of rows or groups.

    Gains and losses are two sums of rare events, each with its own bound, and the bounds are joined
    by their squares (Zou and Donner, 2008). It is never nearer than with one row more on which the
    models differ: without any, this is the rule of three.

    Args:
        parts: the gain on each row or group, negative where the model is worse.
        flip: the size of one more row on which the models differ.
        level: of the bound.
    """
    up, down = parts[parts > 0], -parts[parts < 0]
    largest = float(np.abs(parts).max(initial=0.0))
    won, lost = float(up.sum()), float(down.sum())
    below = won - mean_low(won, float((up**2).sum()), level)
    above = mean_high(lost, float((down**2).sum()), largest, level) - lost
    least = -math.log(1 - level.side) * flip
    return won - lost - max(math.hypot(below, above), least)
