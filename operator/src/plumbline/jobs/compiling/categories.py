"""Fitted encoders as data: the list of the categories that each of them knows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from plumbline.contract.model_json import Input, OneHotInput, OrdinalInput
from plumbline.jobs.training.inputs import NotCompilable, numbers


def _ordinal(encoder: Any, columns: list[Input]) -> list[Input]:
    _no_rare(encoder)
    unknown = encoder.unknown_value if encoder.handle_unknown == "use_encoded_value" else -1.0
    pairs = zip(numbers(columns, "OrdinalEncoder"), encoder.categories_, strict=True)
    return [_ordinal_input(column.feature, list(known), unknown) for column, known in pairs]


def _ordinal_input(feature: str, known: list[Any], unknown: float) -> OrdinalInput:
    _text_only(feature, known)
    missing = float(known.index(None)) if None in known else unknown
    texts = [str(each) for each in known if each is not None]
    return OrdinalInput(feature, texts, _or_none(unknown), _or_none(missing))


def _one_hot(encoder: Any, columns: list[Input]) -> list[Input]:
    _no_rare(encoder)
    if encoder.drop is not None:
        raise NotCompilable("it does not support OneHotEncoder with drop. Leave drop out")
    pairs = zip(numbers(columns, "OneHotEncoder"), encoder.categories_, strict=True)
    return [_one_hot_input(column.feature, list(known)) for column, known in pairs]


def _one_hot_input(feature: str, known: list[Any]) -> OneHotInput:
    _text_only(feature, known)
    return OneHotInput(feature, [None if each is None else str(each) for each in known])


def _no_rare(encoder: Any) -> None:
    rare = getattr(encoder, "infrequent_categories_", None)
    if rare is not None and any(each is not None for each in rare):
        name = type(encoder).__name__
        advice = "Leave out min_frequency and max_categories"
        raise NotCompilable(f"it does not support {name} with infrequent categories. {advice}")


def _text_only(feature: str, known: list[Any]) -> None:
    if not all(each is None or isinstance(each, str) for each in known):
        advice = "Encode text features only"
        raise NotCompilable(f"an encoder is applied to {feature}, a feature of numbers. {advice}")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


APPLY: dict[str, Callable[[Any, list[Input]], list[Input]]] = {
    "OrdinalEncoder": _ordinal,
    "OneHotEncoder": _one_hot,
}
