"""How good the model is on the held-out rows, with confidence bounds, and against the champion.

`plumbline.stats` has the statistics; this module brings labels and predictions into their form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from plumbline.api.metrics import METRICS, fitting
from plumbline.jobs.compiling.answers import Answers
from plumbline.jobs.judging.classes import name_of
from plumbline.jobs.judging.predictions import Predictions
from plumbline.log import get_logger
from plumbline.stats.gates import CONFIDENCE
from plumbline.stats.intervals import Interval
from plumbline.stats.measure import evaluate, improvement

Positions = NDArray[np.int64]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """The labels of the held-out rows.

    Attributes:
        labels: the target.
        groups: the group of each row; None if all rows are independent.
    """

    labels: pl.Series
    groups: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class MetricInput:
    """Labels and predictions of one metric in the form that the statistics take."""

    truth: NDArray[Any]
    answers: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The new model beside the champion.

    Attributes:
        gain: by how much it is better.
        champion: the champion's value of the metric.
    """

    gain: Interval
    champion: float


def measured(sample: Sample, found: Predictions) -> dict[str, Interval]:
    """Return each metric that can be measured on these rows."""
    asked = {name: measure(name, sample, found) for name in metrics_of(found.classes)}
    for name, why in asked.items():
        if isinstance(why, str):
            log.info("metric not measured", metric=name, why=why)
    return {name: each for name, each in asked.items() if isinstance(each, Interval)}


def measure(
    metric: str, sample: Sample, found: Predictions, *, confidence: float = CONFIDENCE
) -> Interval | str:
    """Return a metric of these rows, or why it cannot be measured."""
    fit = metrics_of(found.classes)
    if metric not in fit:
        of = f"a target with {len(found.classes)} classes" if found.classes else "Regression"
        return f"it does not apply to {of}; use {' or '.join(fit)}"
    try:
        asked = _metric_input(metric, sample.labels, found.model, found.classes)
        return evaluate(
            METRICS[metric],
            asked.truth,
            asked.answers,
            groups=sample.groups,
            confidence=confidence,
        )
    except ValueError as error:
        return str(error)


def compared(
    metric: str, sample: Sample, found: Predictions, *, confidence: float
) -> Comparison | str:
    """Return by how much the model is better than the champion, or why that is not known."""
    if found.champion is None:
        return found.champion_error or "the champion gave no predictions"
    if metric not in metrics_of(found.classes):
        return f"{metric} does not apply to this target"
    if other := _other_classes(found):
        return other
    try:
        own = _metric_input(metric, sample.labels, found.model, found.classes)
        # The champion may have its classes in another order; the new model's order is used.
        champion = _reordered(found.champion, found.champion_classes, found.classes)
        theirs = _metric_input(metric, sample.labels, champion, found.classes)
        gain = improvement(
            METRICS[metric],
            own.truth,
            own.answers,
            theirs.answers,
            groups=sample.groups,
            # A one-sided bound of 95 % is that of a two-sided interval of 90 %.
            confidence=2 * confidence - 1,
        )
        return Comparison(gain, evaluate(METRICS[metric], theirs.truth, theirs.answers).value)
    except ValueError as error:
        return str(error)


def _other_classes(found: Predictions) -> str:
    """Return how the classes of the models differ: by number, as their names may be personal."""
    ours, theirs = (
        set(map(name_of, each or ())) for each in (found.classes, found.champion_classes)
    )
    if ours == theirs:
        return ""
    return (
        f"the champion does not know {len(ours - theirs)} of {len(ours)} classes of the new "
        f"model, which does not know {len(theirs - ours)} of {len(theirs)} classes of the champion"
    )


def metrics_of(classes: Sequence[Any] | None) -> list[str]:
    """Return the metrics that apply to a target with these classes; None is a regression."""
    return fitting("Regression") if classes is None else fitting("Classification", len(classes))


def _metric_input(
    metric: str, labels: pl.Series, matrix: Answers, classes: Sequence[Any] | None
) -> MetricInput:
    if METRICS[metric].varies and labels.n_unique() == 1:
        raise ValueError("the target has only one value in the held-out rows")
    if classes is None:
        return MetricInput(labels.cast(pl.Float64).to_numpy(), matrix[:, 0])
    texts = [name_of(label) for label in labels.to_list()]
    names = [name_of(each) for each in classes]
    unseen = len(set(texts) - set(names))
    if unseen and not METRICS[metric].of_many:
        were = "1 class is" if unseen == 1 else f"{unseen} classes are"
        raise ValueError(f"{were} only in the held-out rows, not in the training rows")
    if len(classes) == 2 and not unseen:
        return MetricInput(np.array([text == names[1] for text in texts]), matrix[:, 1])
    return _of_many(metric, texts, matrix, names)


def _of_many(
    metric: str, labels: Sequence[str], matrix: Answers, classes: Sequence[str]
) -> MetricInput:
    """Return many classes as two: is the prediction right, or how probable is the right one?"""
    positions = {name: position for position, name in enumerate(classes)}
    wanted = np.array([positions.get(label, -1) for label in labels])
    measured_on = OF_MANY[METRICS[metric].of_many or "IsRight"]
    return MetricInput(np.ones(len(wanted)), measured_on(wanted, matrix))


def _is_right(wanted: Positions, matrix: Answers) -> Answers:
    return np.asarray(np.argmax(matrix, axis=1) == wanted, dtype=np.float64)


def _chance_of_right(wanted: Positions, matrix: Answers) -> Answers:
    chosen = matrix[np.arange(len(wanted)), np.maximum(wanted, 0)]
    return np.where(wanted >= 0, chosen, 0.0)


# A class that the model does not know has the position -1.
OF_MANY: dict[str, Callable[[Positions, Answers], Answers]] = {
    "IsRight": _is_right,
    "ChanceOfRight": _chance_of_right,
}


def _reordered(
    matrix: Answers, theirs: Sequence[Any] | None, ours: Sequence[Any] | None
) -> Answers:
    if theirs is None or ours is None:
        return matrix
    names = [name_of(each) for each in theirs]
    return matrix[:, [names.index(name_of(each)) for each in ours]]
