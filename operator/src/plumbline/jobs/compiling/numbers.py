"""Fitted imputers and scalers as data: one impute value, mean and scale for each column."""

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from plumbline.contract.model_json import Input, NumberInput
from plumbline.jobs.training.inputs import NotCompilable, numbers


def _imputer(imputer: Any, columns: list[Input]) -> list[Input]:
    if imputer.add_indicator:
        raise NotCompilable("it does not support SimpleImputer with add_indicator. Leave it out")
    if not isinstance(imputer.missing_values, float):
        found = f"SimpleImputer with missing_values {imputer.missing_values!r}"
        raise NotCompilable(f"it does not support {found}. Leave missing_values out")
    pairs = zip(numbers(columns, "SimpleImputer"), imputer.statistics_, strict=True)
    return [_imputed(number, float(value)) for number, value in pairs]


def _imputed(number: NumberInput, value: float) -> NumberInput:
    if np.isnan(value):
        advice = "Set keep_empty_features to true, or leave the feature out"
        raise NotCompilable(f"SimpleImputer drops {number.feature}, which has no values. {advice}")
    if number.impute is not None:
        return number
    return replace(number, impute=value * number.scale + number.mean)


def _scaler(center: str, spread: str) -> Callable[[Any, list[Input]], list[Input]]:
    """Return the function that applies a scaler that computes `(x - center) / spread`."""

    def apply(scaler: Any, columns: list[Input]) -> list[Input]:
        some = numbers(columns, type(scaler).__name__)
        means = _or_else(getattr(scaler, center, None), 0.0, len(some))
        scales = _or_else(getattr(scaler, spread, None), 1.0, len(some))
        return [_scaled(*each) for each in zip(some, means, scales, strict=True)]

    return apply


def _or_else(values: Any, default: float, size: int) -> list[float]:
    return [default] * size if values is None else [float(value) for value in values]


def _scaled(number: NumberInput, mean: float, scale: float) -> NumberInput:
    return replace(number, mean=number.mean + mean * number.scale, scale=number.scale * scale)


def _min_max(scaler: Any, columns: list[Input]) -> list[Input]:
    if scaler.clip:
        raise NotCompilable("it does not support MinMaxScaler with clip. Leave clip out")
    triples = zip(numbers(columns, "MinMaxScaler"), scaler.min_, scaler.scale_, strict=True)
    return [_scaled(n, -float(low) / float(by), 1 / float(by)) for n, low, by in triples]


APPLY: dict[str, Callable[[Any, list[Input]], list[Input]]] = {
    "SimpleImputer": _imputer,
    "StandardScaler": _scaler("mean_", "scale_"),
    "RobustScaler": _scaler("center_", "scale_"),
    "MaxAbsScaler": _scaler("none_", "scale_"),
    "MinMaxScaler": _min_max,
}
