"""The estimate of each metric, and the influence of each row on it.

The variance of an estimate is the sum over groups of squared summed influences (the sandwich, or
infinitesimal jackknife, estimator; for AUC the influences are DeLong's structural components).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# A probability of 0 or 1 counts as almost 0 or 1, or one wrong row would make the loss infinite.
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of rows that are right, such as accuracy.

    Attributes:
        rows: the largest number of independent rows that it can depend on.
    """

    rows: float


@dataclass(frozen=True, slots=True)
class Loss:
    """A mean loss, or a ratio of two.

    Attributes:
        losses: of each row, not negative.
        beside: for a ratio, what stands below the line; None for a mean.
        unseen: the loss of a row such as the sample may lack: one of the rarer class, or for a
            regression without any error one with the target's mean as its prediction.
        is_bounded: whether no loss is much larger than the largest of `losses` and `unseen`.
        skewness: of the errors, if the losses are their squares; 0 otherwise.
    """

    losses: Floats
    beside: Floats | None = None
    unseen: float = 0.0
    is_bounded: bool = False
    skewness: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate before `curve`, which turns it and its bounds into the metric.

    Attributes:
        value: the estimate.
        influence: of each row on it; their mean is 0.
        shape: what kind of a number it is.
        flip: how far one row on which a model says something else moves the metric, times rows.
        curve: a monotonous function.
        slope: that of the curve at the value.
    """

    value: float
    influence: Floats
    shape: Share | Loss
    flip: float = 1.0
    curve: Callable[[float], float] = lambda value: value
    slope: float = 1.0


def _auc(y: Floats, scores: Floats) -> Estimate:
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
    rows = 3.0 * min(len(positive), len(negative))
    return Estimate(value=value, influence=influence, shape=Share(rows))


def _share_below(values: Floats, others: Floats) -> Floats:
    """Return for each value the share of the others that are smaller, ties counted half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto) / 2 / len(others))


def _predicted_class(p: Floats) -> Floats:
    """Return the predicted class: 1 if that is more likely; a tie is 0, the first class."""
    return (p > 0.5).astype(np.float64)


def _accuracy(y: Floats, p: Floats) -> Estimate:
    right = (_predicted_class(p) == y).astype(np.float64)
    value = float(right.mean())
    return Estimate(value=value, influence=right - value, shape=Share(len(y)))


def _precision(y: Floats, p: Floats) -> Estimate:
    predicted = _predicted_class(p)
    return _share_among(predicted * y, predicted, "precision")


def _recall(y: Floats, p: Floats) -> Estimate:
    return _share_among(_predicted_class(p) * y, y, "recall")


def _f1(y: Floats, p: Floats) -> Estimate:
    """Return F1 as a function of a share: of the rows predicted or labelled 1, those that are both.

    That share, Jaccard's index, is one of independent rows; with j of them, F1 is 2j / (1 + j).
    """
    predicted = _predicted_class(p)
    both = _share_among(predicted * y, np.maximum(predicted, y), "f1")
    slope = 2 / (1 + both.value) ** 2
    flip = 2 / float((predicted + y).mean())
    return Estimate(
        value=both.value,
        influence=both.influence,
        shape=both.shape,
        flip=flip,
        curve=lambda share: 2 * share / (1 + share),
        slope=slope,
    )


def _share_among(right: Floats, among: Floats, name: str) -> Estimate:
    """Return the share of right rows among some; its influence follows by the delta method."""
    part = float(among.mean())
    if not part:
        raise ValueError(f"{name} is not defined: no row is predicted or labelled 1")
    value = float(right.mean()) / part
    influence = (right - value * among) / part
    return Estimate(value=value, influence=influence, shape=Share(int(among.sum())), flip=1 / part)


def _brier(y: Floats, p: Floats) -> Estimate:
    return _of_classes(y, (1 - p) ** 2, p**2)


def _log_loss(y: Floats, p: Floats) -> Estimate:
    chance = np.clip(p, _LEAST, 1 - _LEAST)
    return _of_classes(y, -np.log(chance), -np.log(1 - chance))


def _of_classes(y: Floats, if_one: Floats, if_zero: Floats) -> Estimate:
    """Return a mean loss, from each row's loss if its label is 1 and if it is 0."""
    rarer = if_one if y.mean() <= 0.5 else if_zero
    losses = np.where(y == 1, if_one, if_zero)
    shape = Loss(losses, unseen=float(rarer.mean()), is_bounded=True)
    return _mean(shape, flip=float(np.abs(if_one - if_zero).mean()))


def _mean(shape: Loss, *, flip: float) -> Estimate:
    value = float(shape.losses.mean())
    return Estimate(value=value, influence=shape.losses - value, shape=shape, flip=flip)


def _mae(y: Floats, p: Floats) -> Estimate:
    spread = float(np.abs(y - y.mean()).mean())
    return _mean(Loss(np.abs(y - p), unseen=spread), flip=spread)


def _rmse(y: Floats, p: Floats) -> Estimate:
    spread = float(y.var())
    shape = Loss((y - p) ** 2, unseen=spread, skewness=_skewness(y - p))
    mean = float(shape.losses.mean())
    root = math.sqrt(mean)
    return Estimate(
        value=mean,
        influence=shape.losses - mean,
        shape=shape,
        flip=spread / (2 * root) if root else math.sqrt(spread),
        curve=math.sqrt,
        slope=1 / (2 * root) if root else 1.0,
    )


def _skewness(values: Floats) -> float:
    centred = values - values.mean()
    spread = float((centred**2).mean())
    return float((centred**3).mean()) / spread**1.5 if spread else 0.0


def _r2(y: Floats, p: Floats) -> Estimate:
    """Return R2 as a function of the ratio of the errors to the spread of the target."""
    errors, spread = (y - p) ** 2, (y - y.mean()) ** 2
    if y.max() == y.min():
        raise ValueError("the target has only one value in the held-out rows")
    value = float(errors.mean() / spread.mean())
    return Estimate(
        value=value,
        influence=(errors - value * spread) / spread.mean(),
        shape=Loss(errors, spread, unseen=1.0, skewness=_skewness(y - p)),
        curve=lambda lost: 1 - lost,
        slope=-1.0,
    )


# One function for each name of `api.metrics.METRICS`.
ESTIMATORS: dict[str, Callable[[Floats, Floats], Estimate]] = {
    "auc": _auc,
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "brier": _brier,
    "log_loss": _log_loss,
    "mae": _mae,
    "rmse": _rmse,
    "r2": _r2,
}
