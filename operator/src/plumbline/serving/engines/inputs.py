"""From the columns of a request to the matrix that an engine takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract.model_json import (
    CodedInput,
    FilledOneHotInput,
    Input,
    NumberInput,
    NumberOrdinalInput,
    OneHotInput,
    OrdinalInput,
)

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]
Step = Callable[[Columns], Floats]


def steps(inputs: Sequence[Input]) -> list[Step]:
    """Return one step for each input of model.json; a step returns one or more columns."""
    return [_KINDS[type(each)](each) for each in inputs]


def width(inputs: Sequence[Input]) -> int:
    """Return how many columns the matrix has."""
    wide = (OneHotInput, FilledOneHotInput)
    return sum(len(each.categories) if isinstance(each, wide) else 1 for each in inputs)


def _number(given: NumberInput) -> Step:
    name, impute, mean, scale = given.feature, given.impute, given.mean, given.scale
    plain = mean == 0.0 and scale == 1.0

    def step(columns: Columns) -> Floats:
        values = np.asarray(columns[name], dtype=np.float64)
        if impute is not None:
            values = np.where(np.isnan(values), impute, values)
        return (values if plain else (values - mean) / scale)[:, None]

    return step


def _ordinal(given: OrdinalInput) -> Step:
    name = given.feature
    codes: dict[Any, float] = {text: float(n) for n, text in enumerate(given.categories)}
    unknown, missing = _or_nan(given.unknown), _or_nan(given.missing)
    codes[None] = missing

    def step(columns: Columns) -> Floats:
        found = [codes.get(value, unknown) for value in columns[name]]
        return np.array(found, dtype=np.float64)[:, None]

    return step


def _coded(given: CodedInput) -> Step:
    name, unknown = given.feature, _or_nan(given.unknown)
    codes = dict(zip(given.categories, map(_or_nan, given.codes), strict=True))
    # A missing category without a code of its own is an unknown one.
    codes.setdefault(None, unknown)

    def step(columns: Columns) -> Floats:
        found = [codes.get(value, unknown) for value in columns[name]]
        return np.array(found, dtype=np.float64)[:, None]

    return step


def _number_ordinal(given: NumberOrdinalInput) -> Step:
    number = _number(given.number)
    codes = {value: float(n) for n, value in enumerate(given.categories)}
    unknown, missing = _or_nan(given.unknown), _or_nan(given.missing)

    def step(columns: Columns) -> Floats:
        values = number(columns)[:, 0].tolist()
        found = [missing if value != value else codes.get(value, unknown) for value in values]
        return np.array(found, dtype=np.float64)[:, None]

    return step


def _one_hot(given: OneHotInput) -> Step:
    places = {text: n for n, text in enumerate(given.categories)}
    return _places(given.feature, places, len(places))


def _filled_one_hot(given: FilledOneHotInput) -> Step:
    places: dict[str | None, int] = {text: n for n, text in enumerate(given.categories)}
    return _places(given.feature, {**places, None: places[given.fill]}, len(given.categories))


def _places(name: str, places: Mapping[str | None, int], width: int) -> Step:
    def step(columns: Columns) -> Floats:
        values = columns[name]
        matrix = np.zeros((len(values), width))
        for row, value in enumerate(values):
            if (place := places.get(value)) is not None:
                matrix[row, place] = 1.0
        return matrix

    return step


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


_KINDS: dict[type[Input], Callable[[Any], Step]] = {
    NumberInput: _number,
    OrdinalInput: _ordinal,
    OneHotInput: _one_hot,
    FilledOneHotInput: _filled_one_hot,
    CodedInput: _coded,
    NumberOrdinalInput: _number_ordinal,
}
