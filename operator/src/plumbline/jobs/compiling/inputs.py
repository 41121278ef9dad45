"""Fitted preprocessing as data: what is done to each feature before the estimator gets it.

The list of inputs begins with the plain features; each fitted transformer changes it. A transformer
that has no form as data raises `NotCompilable`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_array

from plumbline.contract.model_json import Input, NumberInput
from plumbline.jobs.compiling import categories as compile_categories
from plumbline.jobs.compiling import gaps
from plumbline.jobs.compiling import numbers as compile_numbers
from plumbline.jobs.training.features import Feature
from plumbline.jobs.training.inputs import Column, NotCompilable, Text, converting

_SUPPORTED = "Prepare features with SimpleImputer, scalers, OneHotEncoder or OrdinalEncoder"


def inputs_of(model: Any, features: Sequence[Feature]) -> tuple[list[Input], Any]:
    """Return the inputs of a fitted model and the estimator that takes them."""
    columns = _plain(features, is_nan=gaps.are_nan(model))
    *prepare, (_, estimator) = getattr(model, "steps", [("", model)])
    for _, transformer in prepare:
        columns = _applied(transformer, columns)
    if encodes(estimator):
        columns = _applied(estimator._preprocessor, columns)
    return _encoded(columns), estimator


def _plain(features: Sequence[Feature], *, is_nan: bool) -> list[Column]:
    return [
        Text(each["name"], is_nan) if each["type"] == "category" else NumberInput(each["name"])
        for each in features
    ]


def encodes(estimator: Any) -> bool:
    """Whether histogram gradient boosting has an encoder of its own, for its categories.

    The trees get its codes: an unknown category is a missing value to them, whatever it was.
    """
    return getattr(estimator, "_preprocessor", None) is not None


def check_width(model: Any, features: Sequence[Feature]) -> None:
    """Refuse a model of other columns than the features, which it would mistake for each other."""
    width = getattr(model, "n_features_in_", len(features))
    if width != len(features):
        advice = "Fit it on the columns of train.parquet without the target"
        problem = f"it was fitted on {width} columns, and the run has {len(features)} features"
        raise NotCompilable(f"{problem}. {advice}, or name other columns in spec.features")


def _encoded(columns: Sequence[Column]) -> list[Input]:
    found = [column for column in columns if not isinstance(column, Text)]
    if len(found) != len(columns):
        raise NotCompilable(f"texts have no encoder. {_SUPPORTED}")
    return found


def _applied(transformer: Any, columns: list[Column]) -> list[Column]:
    if transformer == "passthrough" or transformer is None:
        return columns
    name = type(transformer).__name__
    if name not in _APPLY:
        raise NotCompilable(f"it does not support {name}. {_SUPPORTED}")
    with converting(name):
        return _APPLY[name](transformer, columns)


def _pipeline(pipeline: Any, columns: list[Column]) -> list[Column]:
    for _, transformer in pipeline.steps:
        columns = _applied(transformer, columns)
    return columns


def _column_transformer(chooser: Any, columns: list[Column]) -> list[Column]:
    if chooser.transformer_weights:
        problem = "it does not support ColumnTransformer with transformer_weights"
        raise NotCompilable(f"{problem}. Leave them out")
    # A ColumnTransformer that was fitted on an array knows no names, only places.
    names = getattr(chooser, "feature_names_in_", ())
    places = {name: place for place, name in enumerate(names)}
    result: list[Column] = []
    for _, transformer, chosen in chooser.transformers_:
        if not isinstance(transformer, str) or transformer != "drop":
            some = [columns[_place(each, places)] for each in _listed(chosen, len(columns))]
            result += _applied(transformer, some)
    return result


def _listed(chosen: Any, width: int) -> list[Any]:
    if isinstance(chosen, str | int):
        return [chosen]
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            problem = "ColumnTransformer selects columns by a slice of names"
            raise NotCompilable(f"{problem}. List their names instead")
        return list(range(width))[chosen]
    if not _is_mask(chosen):
        return [*chosen]
    if len(chosen) != width:
        problem = "columns are chosen among those of a one-hot encoder"
        raise NotCompilable(f"{problem}. Choose them before the encoder")
    return [place for place, used in enumerate(chosen) if used]


def _is_mask(chosen: Any) -> bool:
    return len(chosen) > 0 and all(isinstance(each, bool | np.bool_) for each in chosen)


def _place(chosen: Any, places: dict[str, int]) -> int:
    return places[chosen] if isinstance(chosen, str) else int(chosen)


def _function(transformer: Any, columns: list[Column]) -> list[Column]:
    """Return the columns unchanged: a fitted "passthrough" is a transformer without a function.

    That of histogram gradient boosting only checks its input.
    """
    called = getattr(transformer.func, "func", transformer.func)
    if called is not None and called is not check_array:
        raise NotCompilable("it cannot call a FunctionTransformer. Apply its function in the data")
    return columns


_APPLY: dict[str, Callable[[Any, list[Column]], list[Column]]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _column_transformer,
    "FunctionTransformer": _function,
    **compile_numbers.APPLY,
    **compile_categories.APPLY,
}
