"""A model's predictions of a table of rows: a matrix of probabilities by class, or of values."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from plumbline.jobs.compiling.gaps import as_fitted
from plumbline.jobs.training.features import Feature, arrays, model_input
from plumbline.stats.bins import PREDICTION, ColumnBins
from plumbline.stats.reference import as_alike, category_bins, number_bins

Answers = np.ndarray[Any, np.dtype[np.float64]]


def of_fitted(model: Any, frame: pl.DataFrame, features: Sequence[Feature]) -> Answers:
    """Return the predictions of a fitted scikit-learn model."""
    inputs = as_fitted(model_input(frame, features), model, features)
    raw = model.predict_proba(inputs) if hasattr(model, "classes_") else model.predict(inputs)
    return _two_dimensional(raw, frame.height)


def of_compiled(folder: Path, frame: pl.DataFrame, features: Sequence[Feature]) -> Answers:
    """Return the predictions of a compiled model, by the same engine that serves it."""
    from plumbline.serving import engines

    # For extreme rows the exponential of the logistic function overflows to infinity, which gives
    # the right probability, 0 or 1.
    with np.errstate(over="ignore"):
        raw = engines.load(folder).predict(arrays(model_input(frame, features)))
    return _two_dimensional(raw, frame.height)


def difference(left: Answers, right: Answers) -> float:
    """Return the largest difference, which is relative for predictions larger than one."""
    if left.shape != right.shape:
        return float("inf")
    gap = np.abs(left - right) / np.maximum(1.0, np.abs(left))
    return float(np.max(np.where(np.isfinite(gap), gap, np.inf), initial=0.0))


def prediction_reference(
    matrix: Answers, classes: Sequence[Any] | None, *, chosen_among: Sequence[ColumnBins] = ()
) -> list[dict[str, Any]]:
    """Return the distribution of a model's predictions: the reference for drift.

    Of a regression it is that of the value, of two classes that of the second class's probability,
    of more classes that of the likeliest class.

    Args:
        matrix: the predictions, in time order.
        classes: of a classification.
        chosen_among: the features, if the rows were chosen at random: then the order of the
            predictions does not show how alike neighbours are, and the most alike feature counts.
    """
    if classes is None or len(classes) == 2:
        found = number_bins(PREDICTION, matrix[:, -1])
    else:
        found = category_bins(PREDICTION, [str(classes[n]) for n in np.argmax(matrix, axis=1)])
    if found is None:
        return []
    # A model may give one prediction to all rows that are new to it: that is drift, not a broken
    # sender, so a prediction that is always the same must not count as stuck.
    return [replace(as_alike(found, chosen_among), value_spike=()).to_json()]


def _two_dimensional(raw: Any, rows: int) -> Answers:
    return np.asarray(raw, np.float64).reshape(rows, -1)
