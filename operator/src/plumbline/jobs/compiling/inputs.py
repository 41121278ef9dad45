"""Fitted preprocessing as data: what is done to each feature before the estimator gets it.

The list of inputs begins with the plain features; each fitted transformer changes it. A transformer
that has no form as data raises `NotCompilable`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from plumbline.contract.model_json import Input, NumberInput
from plumbline.jobs.compiling import categories as compile_categories
from plumbline.jobs.compiling import numbers as compile_numbers
from plumbline.jobs.training.features import Feature
from plumbline.jobs.training.inputs import NotCompilable

_SUPPORTED = "Prepare features with SimpleImputer, scalers, OneHotEncoder or OrdinalEncoder"


def inputs_of(model: Any, features: Sequence[Feature]) -> tuple[list[Input], Any]:
    """Return the inputs of a fitted model and the estimator that takes them."""
    names = [feature["name"] for feature in features]
    columns: list[Input] = [NumberInput(name) for name in names]
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
        raise NotCompilable(f"it does not support {name}. {_SUPPORTED}")
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
        raise NotCompilable(
            "ColumnTransformer selects columns by a slice. List their names instead"
        )
    return [place for place, used in enumerate(chosen) if used] if _is_mask(chosen) else [*chosen]


def _is_mask(chosen: Any) -> bool:
    return len(chosen) > 0 and all(isinstance(each, bool | np.bool_) for each in chosen)


def _place(chosen: Any, places: dict[str, int]) -> int:
    return places[chosen] if isinstance(chosen, str) else int(chosen)


def _function(transformer: Any, columns: list[Input]) -> list[Input]:
    """Return the columns unchanged: a fitted "passthrough" is a transformer without a function."""
    if transformer.func is not None:
        raise NotCompilable("it cannot call a FunctionTransformer. Apply its function in the data")
    return columns


_APPLY: dict[str, Callable[[Any, list[Input]], list[Input]]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _column_transformer,
    "FunctionTransformer": _function,
    **compile_numbers.APPLY,
    **compile_categories.APPLY,
}
