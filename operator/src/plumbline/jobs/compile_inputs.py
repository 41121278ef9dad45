"""Fitted preprocessing as data: what happens to each feature before the estimator sees it.

Each fitted transformer is applied to a list of inputs, which begins with the features as they are.
What cannot be said as data raises `NotCompilable`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plumbline.jobs.features import Feature


class NotCompilable(Exception):
    """The model holds something that the serving engines do not have."""


@dataclass(frozen=True, slots=True)
class Number:
    """One column: `(x or impute - mean) / scale`; without `impute`, NaN stays NaN."""

    feature: str
    impute: float | None = None
    mean: float = 0.0
    scale: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {
            "feature": self.feature,
            "kind": "number",
            "impute": self.impute,
            "mean": self.mean,
            "scale": self.scale,
        }


@dataclass(frozen=True, slots=True)
class Ordinal:
    """One column: the place of a category; None stands for NaN in `unknown` and `missing`."""

    feature: str
    categories: tuple[str, ...]
    unknown: float | None
    missing: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {
            "feature": self.feature,
            "kind": "ordinal",
            "categories": list(self.categories),
            "unknown": self.unknown,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class OneHot:
    """One column for each category (None is one, if it was seen); all zero for an unknown one."""

    feature: str
    categories: tuple[str | None, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {"feature": self.feature, "kind": "onehot", "categories": list(self.categories)}


Input = Number | Ordinal | OneHot


def inputs_of(model: Any, features: Sequence[Feature]) -> tuple[list[Input], Any]:
    """Return the inputs of a fitted model and the estimator that takes them."""
    names = [feature["name"] for feature in features]
    columns: list[Input] = [Number(name) for name in names]
    if not hasattr(model, "steps"):
        return columns, model
    for _, transformer in model.steps[:-1]:
        columns = _applied(transformer, columns)
    return columns, model.steps[-1][1]


def _applied(transformer: Any, columns: list[Input]) -> list[Input]:
    if transformer == "passthrough" or transformer is None:
        return columns
    name = type(transformer).__name__
    if name not in _APPLY:
        raise NotCompilable(f"{name} has no compiled form")
    return _APPLY[name](transformer, columns)


def _pipeline(pipeline: Any, columns: list[Input]) -> list[Input]:
    for _, transformer in pipeline.steps:
        columns = _applied(transformer, columns)
    return columns


def _column_transformer(chooser: Any, columns: list[Input]) -> list[Input]:
    places = {name: place for place, name in enumerate(chooser.feature_names_in_)}
    result: list[Input] = []
    for _, transformer, chosen in chooser.transformers_:
        if not isinstance(transformer, str) or transformer != "drop":
            some = [columns[_place(each, places)] for each in _listed(chosen)]
            result += _applied(transformer, some)
    return result


def _listed(chosen: Any) -> list[Any]:
    if isinstance(chosen, str | int):
        return [chosen]
    if isinstance(chosen, slice):
        raise NotCompilable("a ColumnTransformer with a slice of columns has no compiled form")
    return [place for place, used in enumerate(chosen) if used] if _is_mask(chosen) else [*chosen]


def _is_mask(chosen: Any) -> bool:
    return len(chosen) > 0 and all(isinstance(each, bool | np.bool_) for each in chosen)


def _place(chosen: Any, places: dict[str, int]) -> int:
    return places[chosen] if isinstance(chosen, str) else int(chosen)


def _numbers(columns: list[Input], name: str) -> list[Number]:
    numbers = [column for column in columns if isinstance(column, Number)]
    if len(numbers) != len(columns):
        raise NotCompilable(f"{name} after an encoder has no compiled form")
    return numbers


def _function(transformer: Any, columns: list[Input]) -> list[Input]:
    """Return the columns as they are, for a fitted "passthrough": it has no function."""
    if transformer.func is not None:
        raise NotCompilable("FunctionTransformer with a function has no compiled form")
    return columns


def _imputer(imputer: Any, columns: list[Input]) -> list[Input]:
    if imputer.add_indicator or not isinstance(imputer.missing_values, float):
        raise NotCompilable("SimpleImputer with an indicator or other gaps has no compiled form")
    pairs = zip(_numbers(columns, "SimpleImputer"), imputer.statistics_, strict=True)
    return [_imputed(number, float(value)) for number, value in pairs]


def _imputed(number: Number, value: float) -> Number:
    if np.isnan(value):
        raise NotCompilable(f"SimpleImputer drops {number.feature}, which has no values")
    if number.impute is not None:
        return number
    return replace(number, impute=value * number.scale + number.mean)


def _scaler(center: str, spread: str) -> Callable[[Any, list[Input]], list[Input]]:
    """Return how a scaler that computes `(x - center) / spread` is applied."""

    def apply(scaler: Any, columns: list[Input]) -> list[Input]:
        numbers = _numbers(columns, type(scaler).__name__)
        means = _or_else(getattr(scaler, center, None), 0.0, len(numbers))
        scales = _or_else(getattr(scaler, spread, None), 1.0, len(numbers))
        return [_scaled(*each) for each in zip(numbers, means, scales, strict=True)]

    return apply


def _or_else(values: Any, default: float, size: int) -> list[float]:
    return [default] * size if values is None else [float(value) for value in values]


def _scaled(number: Number, mean: float, scale: float) -> Number:
    return replace(number, mean=number.mean + mean * number.scale, scale=number.scale * scale)


def _min_max(scaler: Any, columns: list[Input]) -> list[Input]:
    if scaler.clip:
        raise NotCompilable("MinMaxScaler with clip has no compiled form")
    triples = zip(_numbers(columns, "MinMaxScaler"), scaler.min_, scaler.scale_, strict=True)
    return [_scaled(n, -float(low) / float(by), 1 / float(by)) for n, low, by in triples]


def _ordinal(encoder: Any, columns: list[Input]) -> list[Input]:
    _no_rare(encoder)
    unknown = encoder.unknown_value if encoder.handle_unknown == "use_encoded_value" else -1.0
    pairs = zip(_numbers(columns, "OrdinalEncoder"), encoder.categories_, strict=True)
    return [_ordinal_input(column.feature, list(known), unknown) for column, known in pairs]


def _ordinal_input(feature: str, known: list[Any], unknown: float) -> Ordinal:
    _text_only(feature, known)
    missing = float(known.index(None)) if None in known else unknown
    texts = tuple(str(each) for each in known if each is not None)
    return Ordinal(feature, texts, _or_none(unknown), _or_none(missing))


def _one_hot(encoder: Any, columns: list[Input]) -> list[Input]:
    _no_rare(encoder)
    if encoder.drop is not None:
        raise NotCompilable("OneHotEncoder with drop has no compiled form")
    pairs = zip(_numbers(columns, "OneHotEncoder"), encoder.categories_, strict=True)
    return [_one_hot_input(column.feature, list(known)) for column, known in pairs]


def _one_hot_input(feature: str, known: list[Any]) -> OneHot:
    _text_only(feature, known)
    return OneHot(feature, tuple(None if each is None else str(each) for each in known))


def _no_rare(encoder: Any) -> None:
    rare = getattr(encoder, "infrequent_categories_", None)
    if rare is not None and any(each is not None for each in rare):
        raise NotCompilable("an encoder with infrequent categories has no compiled form")


def _text_only(feature: str, known: list[Any]) -> None:
    if not all(each is None or isinstance(each, str) for each in known):
        raise NotCompilable(f"{feature}: an encoder of numbers has no compiled form")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_APPLY: dict[str, Callable[[Any, list[Input]], list[Input]]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _column_transformer,
    "FunctionTransformer": _function,
    "SimpleImputer": _imputer,
    "StandardScaler": _scaler("mean_", "scale_"),
    "RobustScaler": _scaler("center_", "scale_"),
    "MaxAbsScaler": _scaler("none_", "scale_"),
    "MinMaxScaler": _min_max,
    "OrdinalEncoder": _ordinal,
    "OneHotEncoder": _one_hot,
}
