"""From columns as clients send them to the matrix that an engine takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]
Step = Callable[[Columns], Floats]


def steps(inputs: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Return one step for each input of model.json; each gives one or more columns."""
    return [_KINDS[each["kind"]](each) for each in inputs]


def _number(given: Mapping[str, Any]) -> Step:
    name, impute = given["feature"], given.get("impute")
    mean, scale = float(given.get("mean", 0.0)), float(given.get("scale", 1.0))
    plain = mean == 0.0 and scale == 1.0

    def step(columns: Columns) -> Floats:
        values = np.asarray(columns[name], dtype=np.float64)
        if impute is not None:
            values = np.where(np.isnan(values), impute, values)
        return (values if plain else (values - mean) / scale)[:, None]

    return step


def _ordinal(given: Mapping[str, Any]) -> Step:
    name = given["feature"]
    codes: dict[Any, float] = {text: float(n) for n, text in enumerate(given["categories"])}
    unknown, missing = _or_nan(given.get("unknown")), _or_nan(given.get("missing"))
    codes[None] = missing

    def step(columns: Columns) -> Floats:
        found = [codes.get(value, unknown) for value in columns[name]]
        return np.array(found, dtype=np.float64)[:, None]

    return step


def _one_hot(given: Mapping[str, Any]) -> Step:
    name, known = given["feature"], given["categories"]
    places = {text: n for n, text in enumerate(known)}

    def step(columns: Columns) -> Floats:
        values = columns[name]
        matrix = np.zeros((len(values), len(known)))
        for row, value in enumerate(values):
            if (place := places.get(value)) is not None:
                matrix[row, place] = 1.0
        return matrix

    return step


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


_KINDS: dict[str, Callable[[Mapping[str, Any]], Step]] = {
    "number": _number,
    "ordinal": _ordinal,
    "onehot": _one_hot,
}
