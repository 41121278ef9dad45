"""Fitted encoders as data: the list of the categories that each of them knows."""

from collections.abc import Callable
from typing import Any

from plumbline.contract.model_json import FilledOneHotInput, NumberInput, OneHotInput
from plumbline.jobs.compiling import ordinals
from plumbline.jobs.compiling.ordinals import fill_of, is_gap, no_rare
from plumbline.jobs.training.inputs import Column, NotCompilable, Text, texts


def _one_hot(encoder: Any, columns: list[Column]) -> list[Column]:
    no_rare(encoder)
    if encoder.drop is not None:
        raise NotCompilable("it does not support OneHotEncoder with drop. Leave drop out")
    pairs = zip(texts(columns, "OneHotEncoder"), encoder.categories_, strict=True)
    return [_one_hot_input(column, list(known)) for column, known in pairs]


def _one_hot_input(column: NumberInput | Text, known: list[Any]) -> OneHotInput | FilledOneHotInput:
    _text_only(column.feature, known)
    fill = fill_of(column)
    if fill is not None and fill in known:
        return FilledOneHotInput(column.feature, [str(each) for each in known], fill)
    return OneHotInput(column.feature, [None if is_gap(each) else str(each) for each in known])


def _text_only(feature: str, known: list[Any]) -> None:
    if not all(is_gap(each) or isinstance(each, str) for each in known):
        advice = "Encode text features only"
        raise NotCompilable(f"an encoder is applied to {feature}, a feature of numbers. {advice}")


APPLY: dict[str, Callable[[Any, list[Column]], list[Column]]] = {
    "OrdinalEncoder": ordinals.apply,
    "OneHotEncoder": _one_hot,
}
