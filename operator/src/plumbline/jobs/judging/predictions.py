"""What the predict step left: checked as coming from a stranger, because a model is one."""

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
from plumbline.jobs.places import Places

_TABLE_LIMIT_BYTES, _FACTS_LIMIT_BYTES = 1 << 30, 1 << 20
_SUM_TOLERANCE = 1e-6

_Classes = (
    Annotated[list[StrictBool | StrictInt | FiniteFloat | StrictStr], Field(min_length=1)] | None
)


class _Facts(Observed):
    """What predict.json says; anything else is refused."""

    classes: _Classes = None
    champion_classes: _Classes = None
    champion_error: str = ""
    max_difference: FiniteFloat = 0.0


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
    content = read_regular(places.at(layout.ANSWERS), limit_bytes=_TABLE_LIMIT_BYTES)
    table = _table(content)
    if table.height != rows:
        raise _invalid(f"{table.height} answers for {rows} held-out rows")
    if (task == "Classification") != (facts.classes is not None):
        raise _invalid(f"classes {facts.classes!r} do not fit the task {task}")
    model = _matrix(table, "model", facts.classes)
    if model is None:
        raise _invalid("no column of the model")
    champion = _matrix(table, "champion", facts.champion_classes)
    return Predictions(
        model,
        facts.classes,
        champion,
        facts.champion_classes,
        facts.champion_error[:500],
        facts.max_difference,
    )


def _facts(places: Places) -> _Facts:
    path = places.at(layout.PREDICT_FACTS)
    try:
        return _Facts.model_validate(read_object(path, limit_bytes=_FACTS_LIMIT_BYTES))
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))[:100]
        raise _invalid(f"predict.json has an odd {field}") from error
    except ValueError as error:
        raise _invalid(str(error)) from error


def _table(content: bytes) -> pl.DataFrame:
    try:
        return read_parquet(io.BytesIO(content))
    except (PolarsError, PanicException) as error:
        raise _invalid(f"not a parquet file ({type(error).__name__})") from error


def _matrix(table: pl.DataFrame, name: str, classes: Sequence[Any] | None) -> Answers | None:
    names = [name] if classes is None else [f"{name}_{each}" for each in classes]
    if not all(each in table.columns for each in names):
        return None
    if not all(table[each].dtype.is_float() for each in names):
        raise _invalid(f"{name}: the answers are no floats")
    matrix: Answers = np.column_stack([table[each].to_numpy() for each in names])
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
