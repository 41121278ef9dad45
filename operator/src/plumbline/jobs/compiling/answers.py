"""What a model answers to a table of rows: probabilities by class, or values; a matrix always."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from plumbline.jobs.training.features import Feature, arrays, model_input
from plumbline.stats.bins import PREDICTION, ColumnBins
from plumbline.stats.reference import as_alike, category_bins, number_bins

Answers = np.ndarray[Any, np.dtype[np.float64]]


def of_fitted(model: Any, frame: pl.DataFrame, features: Sequence[Feature]) -> Answers:
    """Return the answers of a fitted scikit-learn model."""
    inputs = model_input(frame, features)
    raw = model.predict_proba(inputs) if hasattr(model, "classes_") else model.predict(inputs)
    return _two_dimensional(raw, frame.height)


def of_compiled(folder: Path, frame: pl.DataFrame, features: Sequence[Feature]) -> Answers:
    """Return the answers of a compiled model, from the same engine that serves it."""
    from plumbline.serving import engines

    # Far out, the exponential of a linear model overflows to the right answer.
    with np.errstate(over="ignore"):
        raw = engines.load(folder).predict(arrays(model_input(frame, features)))
    return _two_dimensional(raw, frame.height)


def difference(left: Answers, right: Answers) -> float:
    """Return the largest difference, relative for answers larger than one."""
    if left.shape != right.shape:
        return float("inf")
    gap = np.abs(left - right) / np.maximum(1.0, np.abs(left))
    return float(np.max(np.where(np.isfinite(gap), gap, np.inf), initial=0.0))


def prediction_reference(
    matrix: Answers, classes: Sequence[Any] | None, *, strewn_among: Sequence[ColumnBins] = ()
) -> list[dict[str, Any]]:
    """Return the bins of a model's answers to rows in time order.

    Answers to rows that were picked from among others count as alike as the most alike of these
    columns, whose rows are known in their order.

    A value, the probability of the second of two classes, or the likeliest of many classes. Models
    may well give one answer to all that is new to them, so no answer is ever taken for stuck.
    """
    if classes is None or len(classes) == 2:
        found = number_bins(PREDICTION, matrix[:, -1])
    else:
        found = category_bins(PREDICTION, [str(classes[n]) for n in np.argmax(matrix, axis=1)])
    if found is None:
        return []
    return [replace(as_alike(found, strewn_among), value_spike=()).to_json()]


def _two_dimensional(raw: Any, rows: int) -> Answers:
    return np.asarray(raw, np.float64).reshape(rows, -1)
