"""How a model was shown missing texts while it was fitted: as None, or as NaN, as pandas does."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from plumbline.jobs.training.features import Feature


def is_nan(value: Any) -> bool:
    """Whether a category is the NaN that stands for missing texts."""
    return isinstance(value, float) and value != value


def as_fitted(inputs: pl.DataFrame, model: Any, features: Sequence[Feature]) -> Any:
    """Return the input of a model in the form that it was fitted on.

    A model that was fitted on an array knows no names, and takes an array.
    """
    names = [each["name"] for each in features if each["type"] == "category"]
    if are_nan(model):
        inputs = inputs.with_columns(_with_nan(inputs[name]) for name in names)
    return inputs if hasattr(model, "feature_names_in_") else inputs.to_numpy()


def _with_nan(texts: pl.Series) -> pl.Series:
    values = [float("nan") if text is None else text for text in texts.to_list()]
    return pl.Series(texts.name, values, dtype=pl.Object)


def are_nan(model: Any) -> bool:
    """Whether missing texts are NaN: an encoder knows it so, or an imputer looks for it."""
    parts = list(_parts(model))
    known = [each for part in parts for some in _categories(part) for each in some]
    if any(each is None for each in known):
        return False
    return any(map(is_nan, known)) or any(map(_fills_nan, parts))


def _categories(part: Any) -> Any:
    found = getattr(part, "categories_", None)
    return [] if found is None else found


def _fills_nan(part: Any) -> bool:
    fills = getattr(part, "statistics_", None)
    if fills is None or not is_nan(getattr(part, "missing_values", None)):
        return False
    return any(isinstance(each, str) for each in fills)


def _parts(model: Any) -> Iterator[Any]:
    """Yield the fitted transformers of a model, however deep."""
    inner = [step for _, step in getattr(model, "steps", ())]
    inner += [each[1] for each in getattr(model, "transformers_", ())]
    inner += [getattr(model, "_preprocessor", None)]
    for each in inner:
        if each is not None and not isinstance(each, str):
            yield from _parts(each)
    yield model
