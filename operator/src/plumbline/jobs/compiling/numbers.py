"""Fitted imputers and scalers as data: one impute value, mean and scale for each column."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from plumbline.contract.model_json import NumberInput
from plumbline.jobs.compiling.gaps import is_nan
from plumbline.jobs.training.inputs import Column, NotCompilable, Text, numbers, texts


def _imputer(imputer: Any, columns: list[Column]) -> list[Column]:
    if imputer.add_indicator:
        raise NotCompilable("it does not support SimpleImputer with add_indicator. Leave it out")
    pairs = zip(texts(columns, "SimpleImputer"), imputer.statistics_, strict=True)
    return [_filled(imputer, column, value) for column, value in pairs]


def _filled(imputer: Any, column: NumberInput | Text, value: Any) -> Column:
    missing = imputer.missing_values
    if not (is_nan(missing) or (missing is None and isinstance(column, Text))):
        found = f"SimpleImputer with missing_values {missing!r}"
        raise NotCompilable(f"it does not support {found}. Leave missing_values out")
    return (
        _imputed(column, value)
        if isinstance(column, NumberInput)
        else _replaced(column, imputer, value)
    )


def _replaced(text: Text, imputer: Any, value: Any) -> Text:
    """Return the text with its fill, unless another imputer filled it or this one sees no gap."""
    if text.fill is not None or is_nan(imputer.missing_values) != text.is_nan:
        return text
    if not isinstance(value, str):
        raise _dropped(text.feature)
    return dataclasses.replace(text, fill=value)


def _imputed(number: NumberInput, value: Any) -> NumberInput:
    if np.isnan(fill := float(value)):
        raise _dropped(number.feature)
    if number.impute is not None:
        return number
    return replace(number, impute=fill * number.scale + number.mean)


def _dropped(feature: str) -> NotCompilable:
    advice = "Set keep_empty_features to true, or leave the feature out"
    return NotCompilable(f"SimpleImputer drops {feature}, which has no values. {advice}")


def _scaler(center: str, spread: str) -> Callable[[Any, list[Column]], list[Column]]:
    """Return the function that applies a scaler that computes `(x - center) / spread`."""

    def apply(scaler: Any, columns: list[Column]) -> list[Column]:
        some = numbers(columns, type(scaler).__name__)
        # StandardScaler computes the mean even when it does not subtract it.
        known = getattr(scaler, center, None) if getattr(scaler, "with_mean", True) else None
        means = _or_else(known, 0.0, len(some))
        scales = _or_else(getattr(scaler, spread, None), 1.0, len(some))
        return [_scaled(*each) for each in zip(some, means, scales, strict=True)]

    return apply


def _or_else(values: Any, default: float, size: int) -> list[float]:
    return [default] * size if values is None else [float(value) for value in values]


def _scaled(number: NumberInput, mean: float, scale: float) -> NumberInput:
    return replace(number, mean=number.mean + mean * number.scale, scale=number.scale * scale)


def _min_max(scaler: Any, columns: list[Column]) -> list[Column]:
    if scaler.clip:
        raise NotCompilable("it does not support MinMaxScaler with clip. Leave clip out")
    triples = zip(numbers(columns, "MinMaxScaler"), scaler.min_, scaler.scale_, strict=True)
    return [_scaled(n, -float(low) / float(by), 1 / float(by)) for n, low, by in triples]


APPLY: dict[str, Callable[[Any, list[Column]], list[Column]]] = {
    "SimpleImputer": _imputer,
    "StandardScaler": _scaler("mean_", "scale_"),
    "RobustScaler": _scaler("center_", "scale_"),
    "MaxAbsScaler": _scaler("none_", "scale_"),
    "MinMaxScaler": _min_max,
}
