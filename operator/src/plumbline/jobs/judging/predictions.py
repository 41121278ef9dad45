"""What the predict step left: checked as coming from a stranger, because a model is one."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from plumbline.jobs.compiling.answers import Answers
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.files import read_regular
from plumbline.jobs.places import Places

_TABLE_LIMIT_BYTES, _FACTS_LIMIT_BYTES = 1 << 30, 1 << 20
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers to the held-out rows.

    Attributes:
        model: one row for each held-out row; probabilities by class, or one value.
        classes: what the columns of a classifier mean.
        champion: the same of the champion; None when there is none or it cannot answer.
        champion_error: why it cannot.
        difference: between the trained and the compiled model.
    """

    model: Answers
    classes: list[Any] | None
    champion: Answers | None
    champion_classes: list[Any] | None
    champion_error: str
    difference: float


def read_predictions(places: Places, rows: int, task: str) -> Predictions:
    """Return the predictions for so many rows.

    Raises:
        JobFailed: they are not numbers, not enough, or no probabilities.
    """
    facts = _facts(places)
    content = read_regular(
        places.at("/predictions/predictions.parquet"), limit_bytes=_TABLE_LIMIT_BYTES
    )
    table = _table(content)
    if table.height != rows:
        raise _invalid(f"{table.height} answers for {rows} held-out rows")
    classes, theirs = facts.get("classes"), facts.get("championClasses")
    if (task == "Classification") != isinstance(classes, list):
        raise _invalid(f"classes {classes!r} do not fit the task {task}")
    model = _matrix(table, "model", classes)
    if model is None:
        raise _invalid("no column of the model")
    champion = _matrix(table, "champion", theirs)
    error = str(facts.get("championError", ""))[:500]
    return Predictions(
        model, classes, champion, theirs, error, float(facts.get("maxDifference", 0.0))
    )


def _facts(places: Places) -> dict[str, Any]:
    content = read_regular(places.at("/predictions/predict.json"), limit_bytes=_FACTS_LIMIT_BYTES)
    try:
        facts = json.loads(content)
    except ValueError as error:
        raise _invalid("predict.json is not JSON") from error
    if not isinstance(facts, dict):
        raise _invalid("predict.json is not an object")
    return facts


def _table(content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        raise _invalid(f"not a parquet file ({type(error).__name__})") from error


def _matrix(table: pl.DataFrame, name: str, classes: Sequence[Any] | None) -> Answers | None:
    names = [name] if classes is None else [f"{name}_{each}" for each in classes]
    if not all(each in table.columns for each in names):
        return None
    columns = [table[each].cast(pl.Float64, strict=False).to_numpy() for each in names]
    matrix: Answers = np.column_stack(columns)
    if not np.isfinite(matrix).all():
        raise _invalid(f"{name}: an answer is no finite number")
    if classes is not None and not _probable(matrix):
        raise _invalid(f"{name}: the probabilities of a row do not add up to 1")
    return matrix


def _probable(matrix: Answers) -> bool:
    within = (matrix >= 0).all() and (matrix <= 1 + _SUM_TOLERANCE).all()
    return bool(within and np.allclose(matrix.sum(axis=1), 1.0, atol=_SUM_TOLERANCE))


def _invalid(problem: str) -> JobFailed:
    return JobFailed("PredictionsInvalid", f"the predict step left no usable answers: {problem}.")
