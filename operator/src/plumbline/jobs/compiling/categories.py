"""Fitted encoders as data: the list of the categories that each of them knows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from plumbline.contract.model_json import FilledOneHotInput, NumberInput, OneHotInput, OrdinalInput
from plumbline.jobs.compiling.gaps import is_nan
from plumbline.jobs.training.inputs import Column, NotCompilable, Text, texts


def _ordinal(encoder: Any, columns: list[Column]) -> list[Column]:
    _no_rare(encoder)
    pairs = zip(texts(columns, "OrdinalEncoder"), encoder.categories_, strict=True)
    return [_ordinal_input(encoder, column, list(known)) for column, known in pairs]


def _ordinal_input(encoder: Any, column: NumberInput | Text, known: list[Any]) -> OrdinalInput:
    _text_only(column.feature, known)
    unknown = encoder.unknown_value if encoder.handle_unknown == "use_encoded_value" else -1.0
    names = [str(each) for each in known if not _is_gap(each)]
    missing = _code_of_gap(encoder, known, _fill(column), unknown)
    return OrdinalInput(column.feature, names, _or_none(unknown), _or_none(missing))


def _code_of_gap(encoder: Any, known: list[Any], fill: str | None, unknown: float) -> float:
    if any(map(is_nan, known)):
        return float(encoder.encoded_missing_value)
    return float(known.index(fill)) if fill in known else unknown


def _one_hot(encoder: Any, columns: list[Column]) -> list[Column]:
    _no_rare(encoder)
    if encoder.drop is not None:
        raise NotCompilable("it does not support OneHotEncoder with drop. Leave drop out")
    pairs = zip(texts(columns, "OneHotEncoder"), encoder.categories_, strict=True)
    return [_one_hot_input(column, list(known)) for column, known in pairs]


def _one_hot_input(column: NumberInput | Text, known: list[Any]) -> OneHotInput | FilledOneHotInput:
    _text_only(column.feature, known)
    fill = _fill(column)
    if fill is not None and fill in known:
        return FilledOneHotInput(column.feature, [str(each) for each in known], fill)
    return OneHotInput(column.feature, [None if _is_gap(each) else str(each) for each in known])


def _no_rare(encoder: Any) -> None:
    rare = getattr(encoder, "infrequent_categories_", None)
    if rare is not None and any(each is not None for each in rare):
        name = type(encoder).__name__
        advice = "Leave out min_frequency and max_categories"
        raise NotCompilable(f"it does not support {name} with infrequent categories. {advice}")


def _text_only(feature: str, known: list[Any]) -> None:
    if not all(_is_gap(each) or isinstance(each, str) for each in known):
        advice = "Encode text features only"
        raise NotCompilable(f"an encoder is applied to {feature}, a feature of numbers. {advice}")


def _fill(column: NumberInput | Text) -> str | None:
    return column.fill if isinstance(column, Text) else None


def _is_gap(category: Any) -> bool:
    return category is None or is_nan(category)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


APPLY: dict[str, Callable[[Any, list[Column]], list[Column]]] = {
    "OrdinalEncoder": _ordinal,
    "OneHotEncoder": _one_hot,
}
