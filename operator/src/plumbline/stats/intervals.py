"""Metrics with confidence intervals, for rows that may come in groups.

Every metric is written as its estimate and the influence of each row on it; the variance is the sum
over groups of squared summed influences (the sandwich, or infinitesimal jackknife, estimator; for
AUC the influences are DeLong's structural components). Rows of a group, such as the flights of one
day, are not independent and count together. With few groups the quantile is Student's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Groups = NDArray[Any] | None
# A probability of 0 or 1 counts as almost 0 or 1, or one wrong row would make the loss infinite.
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its confidence bounds, from n rows in `groups` groups.

    Attributes:
        confidence: two-sided confidence of the bounds.
    """

    value: float
    low: float
    high: float
    n: int
    groups: int
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class _Estimate:
    """An estimate, the influence of each row, and the largest number of rows it can depend on."""

    value: float
    influence: Floats
    rows: float = math.inf


class Facts(Protocol):
    """The facts about a metric that are used here; `api.metrics.Metric` has them."""

    @property
    def name(self) -> str:
        """Its name, which is the key of ESTIMATORS."""

    @property
    def task(self) -> str:
        """Classification or Regression."""

    @property
    def low(self) -> float:
        """The least value that it can have."""

    @property
    def high(self) -> float:
        """The greatest."""

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
    found = _interval(estimate, groups, confidence)
    if metric.lower_is_better:
        return _by_ratio(found)
    # Between 0 and 1, and near the ends far from normal.
    is_share = (metric.low, metric.high) == (0.0, 1.0)
    return _wilson(found, estimate, confidence) if is_share else found


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
    paired = _Estimate(sign * (one.value - two.value), sign * (one.influence - two.influence))
    return _interval(paired, groups, confidence)


def _estimate(metric: Facts, labels: NDArray[Any], predictions: Floats) -> _Estimate:
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


def _auc(y: Floats, scores: Floats) -> _Estimate:
    positive, negative = scores[y == 1], scores[y == 0]
    if not len(positive) or not len(negative):
        raise ValueError("auc needs both classes among the rows, but all labels are the same")
    wins = _share_below(positive, negative)
    losses = 1 - _share_below(negative, positive)
    value, n = float(wins.mean()), len(y)
    influence = np.empty(n)
    influence[y == 1] = (wins - value) * n / len(positive)
    influence[y == 0] = (losses - value) * n / len(negative)
    # All pairs with a rare row depend on it: the area has at most three times as many rows.
    return _Estimate(value, influence, 3.0 * min(len(positive), len(negative)))


def _share_below(values: Floats, others: Floats) -> Floats:
    """Return for each value the share of the others that are smaller, ties counted half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto) / 2 / len(others))


def _mean(values: Floats) -> _Estimate:
    value = float(values.mean())
    return _Estimate(value, values - value, len(values))


def _ratio(above: Floats, below: Floats, name: str) -> _Estimate:
    """Return a ratio of means; its influence follows by the delta method."""
    if not below.mean():
        raise ValueError(f"{name} is not defined: no row is predicted or labelled 1")
    value = float(above.mean() / below.mean())
    rows = int(np.count_nonzero(below))
    return _Estimate(value, (above - value * below) / below.mean(), rows)


def _predicted_class(p: Floats) -> Floats:
    """Return the predicted class: 1 if that is more likely; a tie is 0, the first class."""
    return (p > 0.5).astype(np.float64)


def _accuracy(y: Floats, p: Floats) -> _Estimate:
    return _mean((_predicted_class(p) == y).astype(np.float64))


def _precision(y: Floats, p: Floats) -> _Estimate:
    predicted = _predicted_class(p)
    return _ratio(predicted * y, predicted, "precision")


def _recall(y: Floats, p: Floats) -> _Estimate:
    return _ratio(_predicted_class(p) * y, y, "recall")


def _f1(y: Floats, p: Floats) -> _Estimate:
    predicted = _predicted_class(p)
    return _ratio(2 * predicted * y, predicted + y, "f1")


def _log_loss(y: Floats, p: Floats) -> _Estimate:
    chance = np.clip(p, _LEAST, 1 - _LEAST)
    return _mean(-(y * np.log(chance) + (1 - y) * np.log(1 - chance)))


def _rmse(y: Floats, p: Floats) -> _Estimate:
    square = _mean((y - p) ** 2)
    root = math.sqrt(square.value)
    return _Estimate(root, square.influence / (2 * root) if root else square.influence)


def _r2(y: Floats, p: Floats) -> _Estimate:
    error, spread = (y - p) ** 2, (y - y.mean()) ** 2
    lost = _ratio(error, spread, "r2")
    return _Estimate(1 - lost.value, -lost.influence)


# One function for each name of `api.metrics.METRICS`: the value, and the influence of each row.
ESTIMATORS: dict[str, Callable[[Floats, Floats], _Estimate]] = {
    "auc": _auc,
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "brier": lambda y, p: _mean((y - p) ** 2),
    "log_loss": _log_loss,
    "mae": lambda y, p: _mean(np.abs(y - p)),
    "rmse": _rmse,
    "r2": _r2,
}


def _interval(estimate: _Estimate, groups: Groups, confidence: float) -> Interval:
    n = len(estimate.influence)
    sums = estimate.influence if groups is None else _summed(estimate.influence, groups)
    count = len(sums)
    half = math.inf
    if count >= 2:
        error = math.sqrt(float((sums**2).sum()) * count / (count - 1)) / n
        half = error * student_quantile((1 + confidence) / 2, count - 1)
    return Interval(
        value=estimate.value,
        low=estimate.value - half,
        high=estimate.value + half,
        n=n,
        groups=count,
        confidence=confidence,
    )


def _summed(influence: Floats, groups: NDArray[Any]) -> Floats:
    _, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return np.asarray(np.bincount(codes, weights=influence), dtype=np.float64)


def _wilson(found: Interval, estimate: _Estimate, confidence: float) -> Interval:
    """Return Wilson's interval with the effective number of independent rows, from the variance.

    Without variance, such as for a perfect order of the rows, the largest possible number is used.
    """
    p = found.value
    half = (found.high - found.low) / 2
    z = student_quantile((1 + confidence) / 2, max(1, found.groups - 1))
    shown = p * (1 - p) * (z / half) ** 2 if 0 < half < math.inf else 0.0
    rows = min(shown, estimate.rows) or estimate.rows * found.groups / found.n
    centre = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    spread = z / (1 + z * z / rows) * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    return replace(found, low=centre - spread, high=centre + spread)


def _by_ratio(found: Interval) -> Interval:
    """Return multiplicative bounds of an error: few rows rarely include the large errors."""
    half = found.high - found.value
    if half >= found.value:
        return found
    factor = math.exp(half / found.value)
    return replace(found, low=found.value / factor, high=found.value * factor)


def student_quantile(p: float, df: int) -> float:
    """Return Student's quantile by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(p)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return float(z + g1 / df + g2 / df**2 + g3 / df**3)
