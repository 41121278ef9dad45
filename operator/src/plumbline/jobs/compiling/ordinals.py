"""A fitted OrdinalEncoder as data: what code it gives to each text, to each number or code."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from plumbline.contract.model_json import (
    CodedInput,
    NumberInput,
    NumberOrdinalInput,
    OrdinalInput,
)
from plumbline.jobs.compiling.gaps import is_nan
from plumbline.jobs.training.inputs import Column, NotCompilable, Text

Code = Callable[[Any], float]


def apply(encoder: Any, columns: Sequence[Column]) -> list[Column]:
    """Return the columns with their codes."""
    no_rare(encoder)
    pairs = zip(columns, encoder.categories_, strict=True)
    return [_column(encoder, column, list(known)) for column, known in pairs]


def no_rare(encoder: Any) -> None:
    """Refuse an encoder that puts rare categories together."""
    rare = getattr(encoder, "infrequent_categories_", None)
    if rare is not None and any(each is not None for each in rare):
        name = type(encoder).__name__
        advice = "Leave out min_frequency and max_categories"
        raise NotCompilable(f"it does not support {name} with infrequent categories. {advice}")


def is_gap(category: Any) -> bool:
    """Whether a category stands for what is missing."""
    return category is None or is_nan(category)


def fill_of(column: NumberInput | Text) -> str | None:
    """Return the text that replaces missing ones."""
    return column.fill if isinstance(column, Text) else None


def _column(encoder: Any, column: Column, known: list[Any]) -> Column:
    code = partial(_code, encoder, known)
    if isinstance(column, Text):
        return _of_text(column, known, code)
    if isinstance(column, NumberInput):
        values = [float(each) for each in known if not is_gap(each)]
        return NumberOrdinalInput(column, values, *_others(code, None))
    if isinstance(column, OrdinalInput):
        return _of_codes(column, code)
    advice = "Apply it only to columns without an encoder"
    raise NotCompilable(f"OrdinalEncoder follows an encoder. {advice}")


def _code(encoder: Any, known: list[Any], value: Any) -> float:
    """Return the code of a value; NaN and None are what is missing."""
    if is_gap(value) and any(map(is_nan, known)):
        return float(encoder.encoded_missing_value)
    if not is_nan(value) and value in known:
        return float(known.index(value))
    return float(encoder.unknown_value) if encoder.handle_unknown == "use_encoded_value" else -1.0


def _others(code: Code, missing: Any) -> tuple[float | None, float | None]:
    """Return the codes of unknown and of missing values."""
    return _or_none(code(_Unknown)), _or_none(code(missing))


class _Unknown:
    """A value that no encoder knows."""


def _of_text(column: Text, known: list[Any], code: Code) -> OrdinalInput:
    names = [str(each) for each in known if not is_gap(each)]
    return OrdinalInput(column.feature, names, *_others(code, column.fill))


def _of_codes(column: OrdinalInput, code: Code) -> Column:
    """Return the codes of codes, such as those that histogram gradient boosting makes."""
    codes = [code(float(place)) for place in range(len(column.categories))]
    unknown, missing = (_or_none(code(_or_nan(each))) for each in (column.unknown, column.missing))
    if codes == list(range(len(codes))):
        return OrdinalInput(column.feature, column.categories, unknown, missing)
    made = [*map(_or_none, codes), missing]
    return CodedInput(column.feature, [*column.categories, None], made, unknown)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
