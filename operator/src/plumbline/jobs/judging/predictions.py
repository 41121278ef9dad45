"""The files of the predict step, checked like any input: a model could have written them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import polars as pl
from polars import read_parquet
from polars.exceptions import PanicException, PolarsError
from pydantic import Field, FiniteFloat, StrictBool, StrictInt, StrictStr, ValidationError

from plumbline.api.meta import Observed
from plumbline.contract import layout
from plumbline.jobs.compiling.answers import Answers
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.files import read_object, read_regular
from plumbline.jobs.paths import Paths

_TABLE_LIMIT_BYTES, _FACTS_LIMIT_BYTES = 1 << 30, 1 << 20
_SUM_TOLERANCE = 1e-6

_Classes = (
    Annotated[list[StrictBool | StrictInt | FiniteFloat | StrictStr], Field(min_length=1)] | None
)


class _Facts(Observed):
    """The content of predict.json."""

    classes: _Classes = None
    champion_classes: _Classes = None
    champion_error: str = ""
    max_difference: FiniteFloat = 0.0


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of the held-out rows.

    Attributes:
        model: one row for each held-out row: probabilities by class, or one value.
        classes: the classes of the columns; None for a regression.
        champion: the same of the champion; None if there is none or it cannot predict these rows.
        champion_error: why it cannot.
        difference: the largest between the trained and the compiled model.
    """

    model: Answers
    classes: list[Any] | None
    champion: Answers | None
    champion_classes: list[Any] | None
    champion_error: str
    difference: float


def read_predictions(paths: Paths, rows: int, task: str) -> Predictions:
    """Return the predictions, which must be for `rows` rows.

    Raises:
        JobFailed: they have another number of rows, or are not numbers or probabilities.
    """
    facts = _facts(paths)
    content = read_regular(paths.at(layout.PREDICTIONS_FILE), limit_bytes=_TABLE_LIMIT_BYTES)
    table = _table(content)
    if table.height != rows:
        raise _invalid(f"{table.height} predictions for {rows} held-out rows")
    if (task == "Classification") != (facts.classes is not None):
        raise _invalid(
            f"predict.json has {'classes' if facts.classes else 'no classes'} for task {task}"
        )
    model = _matrix(table, "model", facts.classes)
    if model is None:
        raise _invalid("predictions.parquet has no predictions of the model")
    champion = _matrix(table, "champion", facts.champion_classes)
    return Predictions(
        model,
        facts.classes,
        champion,
        facts.champion_classes,
        facts.champion_error[:500],
        facts.max_difference,
    )


def _facts(paths: Paths) -> _Facts:
    path = paths.at(layout.PREDICT_FACTS)
    try:
        return _Facts.model_validate(read_object(path, limit_bytes=_FACTS_LIMIT_BYTES))
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))[:100]
        raise _invalid(f"predict.json has an invalid {field}") from error
    except ValueError as error:
        raise _invalid(str(error)) from error


def _table(content: bytes) -> pl.DataFrame:
    try:
        return read_parquet(io.BytesIO(content))
    except (PolarsError, PanicException) as error:
        raise _invalid("predictions.parquet is not a parquet file") from error


def _matrix(table: pl.DataFrame, name: str, classes: Sequence[Any] | None) -> Answers | None:
    names = [name] if classes is None else [f"{name}_{each}" for each in classes]
    if not all(each in table.columns for each in names):
        return None
    if not all(table[each].dtype.is_float() for each in names):
        raise _invalid(f"the predictions of the {name} are not floats")
    matrix: Answers = np.column_stack([table[each].to_numpy() for each in names])
    if not np.isfinite(matrix).all():
        raise _infinite(matrix, name)
    if classes is not None and not _probable(matrix):
        raise _invalid(f"probabilities of the {name} do not add up to 1")
    return matrix


def _probable(matrix: Answers) -> bool:
    within = (matrix >= 0).all() and (matrix <= 1 + _SUM_TOLERANCE).all()
    return bool(within and np.allclose(matrix.sum(axis=1), 1.0, atol=_SUM_TOLERANCE))


def _infinite(matrix: Answers, name: str) -> JobFailed:
    rows = int((~np.isfinite(matrix)).any(axis=1).sum())
    message = f"The {name} predicts NaN or infinity for {rows} of {len(matrix)} held-out rows."
    advice = "Use another estimator or other features."
    if name == "champion":
        advice = "Create a run without gates.champion."
    return JobFailed("PredictionsInvalid", f"{message} {advice}")


def _invalid(problem: str) -> JobFailed:
    message = f"The predict step left no usable predictions: {problem}."
    advice = "Check that all images have the same version."
    return JobFailed("PredictionsInvalid", f"{message} {advice}")
