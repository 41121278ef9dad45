"""Metrics with confidence intervals, for rows that may come in groups.

Rows of a group, such as the flights of one day, are not independent and count together. With few
groups the quantile is Student's. `estimators` has the metrics, `bounds` the distributions.
"""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plumbline.stats import bounds
from plumbline.stats.bounds import Level
from plumbline.stats.estimators import ESTIMATORS, Estimate, Floats, Loss, Share
from plumbline.stats.intervals import Interval

Groups = NDArray[Any] | None
# With fewer effective rows, the largest errors decide the mean, and nobody knows the next one.
FEWEST_ROWS = 10
# Cochran (1977, section 2.15) asks 25 rows for each unit of squared skewness; the simulation, 30.
ROWS_PER_SKEWNESS = 30
_NAMED = 3


class Facts(Protocol):
    """The facts about a metric that are used here; `api.metrics.Metric` has them."""

    @property
    def name(self) -> str:
        """Its name, which is the key of ESTIMATORS."""

    @property
    def task(self) -> str:
        """Classification or Regression."""

    @property
    def lower_is_better(self) -> bool:
        """Whether it is an error."""


def evaluate(
    metric: Facts,
    labels: NDArray[Any],
    predictions: Floats,
    *,
    groups: Groups = None,
    confidence: float = 0.95,
) -> Interval:
    """Return a metric of a binary classifier or a regression.

    Args:
        metric: which.
        labels: truth: 0 or 1 (or booleans), or numbers for a regression.
        predictions: probability of 1, or the predicted number.
        groups: which rows belong together; every row by itself when None.
        confidence: two-sided confidence of the interval.

    Raises:
        ValueError: the metric is unknown or cannot be taken of these rows.
    """
    estimate = _estimate(metric, labels, predictions)
    codes = _codes(groups)
    level = Level((1 + confidence) / 2, _count(estimate.influence, codes))
    if isinstance(estimate.shape, Share):
        (low, high), weak = _of_share(estimate, estimate.shape, codes, level), ""
    else:
        low, high, weak = _of_loss(estimate, estimate.shape, codes, level)
    ends = sorted((estimate.curve(low), estimate.curve(high)))
    return Interval(
        value=estimate.curve(estimate.value),
        low=ends[0],
        high=ends[1],
        n=len(estimate.influence),
        groups=level.groups,
        confidence=confidence,
        weak=weak,
    )


def improvement(
    metric: Facts,
    labels: NDArray[Any],
    new: Floats,
    old: Floats,
    *,
    groups: Groups = None,
    confidence: float = 0.95,
) -> Interval:
    """Return by how much `new` is better than `old` on the same rows; positive is better."""
    one, two = _estimate(metric, labels, new), _estimate(metric, labels, old)
    sign = -1.0 if metric.lower_is_better else 1.0
    gain, n = sign * (one.curve(one.value) - two.curve(two.value)), len(labels)
    rows = sign * (one.slope * one.influence - two.slope * two.influence) + gain
    parts = _summed(rows, _codes(groups)) / n
    level = Level((1 + confidence) / 2, len(parts))
    flip = max(one.flip, two.flip) / n
    return Interval(
        value=gain,
        low=bounds.gain_low(parts, flip, level),
        high=-bounds.gain_low(-parts, flip, level),
        n=n,
        groups=level.groups,
        confidence=confidence,
    )


def _estimate(metric: Facts, labels: NDArray[Any], predictions: Floats) -> Estimate:
    if metric.name not in ESTIMATORS:
        raise ValueError(f"unknown metric {metric.name!r}: use one of {', '.join(ESTIMATORS)}")
    if len(labels) != len(predictions) or not len(labels):
        raise ValueError(f"{metric.name}: {len(labels)} labels and {len(predictions)} predictions")
    truth = _finite(labels) if metric.task == "Regression" else _binary(labels)
    return ESTIMATORS[metric.name](truth, _finite(predictions))


def _binary(labels: NDArray[Any]) -> Floats:
    truth = np.asarray(labels, dtype=np.float64)
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("labels of a classification must be 0 and 1, with none missing")
    return truth


def _finite(values: NDArray[Any]) -> Floats:
    floats = np.asarray(values, dtype=np.float64)
    if not np.isfinite(floats).all():
        raise ValueError(f"{int((~np.isfinite(floats)).sum())} of {len(floats)} are not numbers")
    return floats


def _of_share(estimate: Estimate, shape: Share, codes: Groups, level: Level) -> tuple[float, float]:
    """Return bounds with the number of independent rows that have the same variance."""
    p, n = estimate.value, len(estimate.influence)
    variance = _variance(_summed(estimate.influence, codes) / n) * level.widening
    shown = p * (1 - p) / variance if variance > 0 else 0.0
    # Without variance, such as for a perfect order of the rows, the largest number counts.
    rows = min(shown, shape.rows) if shown else shape.rows * level.groups / n
    return bounds.share_bounds(p, rows, level)


def _of_loss(
    estimate: Estimate, shape: Loss, codes: Groups, level: Level
) -> tuple[float, float, str]:
    """Return bounds of a mean loss, or of a ratio: the lower one is the inverse's upper one."""
    ratio = estimate.value
    parts = _summed(estimate.influence, codes) / len(estimate.influence)
    high, weak = _upper(ratio, parts, shape, shape.losses, level)
    if shape.beside is None or not ratio:
        return bounds.mean_low(ratio, _variance(parts), level), high, weak
    inverse, also = _upper(1 / ratio, -parts / ratio**2, shape, shape.beside, level)
    return 1 / inverse, high, weak or also


def _upper(
    mean: float, parts: Floats, shape: Loss, losses: Floats, level: Level
) -> tuple[float, str]:
    """Return the upper bound, and why it is not known if that is so."""
    if not shape.is_bounded and (weak := _few_carry(losses) or _skewed(shape)):
        return math.inf, weak
    largest = float(parts.max())
    if shape.is_bounded or not losses.any():
        extra = max(largest, (shape.unseen - mean) / len(losses))
    else:
        extra = largest * bounds.tail_factor(losses)
    return bounds.mean_high(mean, _variance(parts), max(0.0, extra), level), ""


def _few_carry(losses: Floats) -> str:
    """Return which rows decide the mean if these are too few for an upper bound, or nothing."""
    if not losses.any() or bounds.effective_rows(losses) >= FEWEST_ROWS:
        return ""
    order = np.argsort(losses)[::-1][:_NAMED]
    share = float(losses[order].sum() / losses.sum())
    which = ", ".join(str(each + 1) for each in order)
    return f"{len(order)} of {len(losses)} rows (number {which}) carry {100 * share:.0f} % of it"


def _skewed(shape: Loss) -> str:
    """Return that the errors are too skewed for so few rows, or nothing."""
    needed = math.ceil(ROWS_PER_SKEWNESS * shape.skewness**2)
    if len(shape.losses) >= needed:
        return ""
    return f"errors of skewness {abs(shape.skewness):.1f} need {needed} rows"


def _variance(parts: Floats) -> float:
    """Return the variance of a sum of groups' influences."""
    count = len(parts)
    return float((parts**2).sum()) * count / max(1, count - 1)


def _codes(groups: Groups) -> Groups:
    if groups is None:
        return None
    return np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]


def _count(values: Floats, codes: Groups) -> int:
    return len(values) if codes is None else int(codes.max()) + 1


def _summed(values: Floats, codes: Groups) -> Floats:
    if codes is None:
        return values
    return np.asarray(np.bincount(codes, weights=values), dtype=np.float64)
