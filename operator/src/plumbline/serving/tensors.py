"""The values of one tensor, checked against its shape and its datatype."""

import math
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.serving.errors import RequestError
from plumbline.serving.protocol import Tensor, short

MAX_ROWS = 100_000
WHOLE = (
    {"BOOL": (0, 1)}
    | {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
    | {f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
)
DATATYPES = {"FP16", "FP32", "FP64", "BYTES"} | set(WHOLE)
NUMBER_TYPES, TEXT_TYPES = {int, float, bool, type(None)}, {str, type(None)}


def rows_of(tensor: Tensor) -> int:
    """Return the rows of a tensor: [rows] or [rows, columns].

    Raises:
        RequestError: the datatype is unknown, or the shape is another one.
    """
    shape = tensor.shape
    if tensor.datatype not in DATATYPES:
        raise _wrong(tensor, f"has the unknown datatype {short(tensor.datatype)}")
    if len(shape) not in (1, 2) or min(shape) < 1:
        said = f"shape {shape}" if len(shape) < 10 else f"{len(shape)} dimensions"
        raise _wrong(tensor, f"has {said}; it must be [rows], with at least one row")
    if shape[0] > MAX_ROWS:
        raise _wrong(tensor, f"has more than {MAX_ROWS} rows; split the request", status=413)
    return shape[0]


def flat(tensor: Tensor) -> list[Any]:
    """Return the values row by row. A client sends them so, or as one list for each row.

    Raises:
        RequestError: they do not fit the shape.
    """
    values, shape = tensor.data, tensor.shape
    if len(shape) == 2 and values and isinstance(values[0], list):
        if {len(row) if isinstance(row, list) else -1 for row in values} != {shape[1]}:
            raise _wrong(tensor, f"has rows that do not fit its shape {shape}")
        values = list(chain.from_iterable(values))
    if len(values) != (size := math.prod(shape)):
        raise _wrong(tensor, f"has {len(values)} values, but its shape {shape} needs {size}")
    return values


def numbers(tensor: Tensor, values: list[Any]) -> NDArray[np.float64]:
    """Return numbers, NaN where they are missing.

    Raises:
        RequestError: they are not numbers, or do not have the datatype of the tensor.
    """
    types = set(map(type, values))
    if tensor.datatype == "BYTES":
        raise _wrong(tensor, "needs numbers, not BYTES; use a datatype such as FP64 or INT64")
    if not types <= NUMBER_TYPES:
        row = _row(tensor, [type(value) in NUMBER_TYPES for value in values])
        raise _wrong(tensor, f"has a value in row {row} that is not a number")
    if tensor.datatype in WHOLE:
        _check_whole(tensor, values, float in types)
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError as error:
        raise _wrong(tensor, "has a number that is too large for FP64") from error


def _check_whole(tensor: Tensor, all_values: list[Any], fractions: bool) -> None:
    low, high = WHOLE[tensor.datatype]
    values = [value for value in all_values if value is not None]
    beyond = bool(values) and not (low <= min(values) and max(values) <= high)
    if beyond or (fractions and any(value != math.floor(value) for value in values)):
        good = [v is None or (low <= v <= high and v == math.floor(v)) for v in all_values]
        row = _row(tensor, good)
        message = f"has a value in row {row} that is not {tensor.datatype}; use FP64 for fractions"
        raise _wrong(tensor, message)


def _row(tensor: Tensor, good: list[bool]) -> int:
    """Return the row of the first value that is not good, counted from 1."""
    columns = tensor.shape[1] if len(tensor.shape) == 2 else 1
    return good.index(False) // columns + 1


def texts(tensor: Tensor, values: list[Any]) -> NDArray[Any]:
    """Return texts, None where they are missing.

    Raises:
        RequestError: they are not texts.
    """
    if tensor.datatype != "BYTES":
        raise _wrong(tensor, "is a text feature; use datatype BYTES")
    if not set(map(type, values)) <= TEXT_TYPES:
        row = _row(tensor, [type(value) in TEXT_TYPES for value in values])
        raise _wrong(tensor, f"has a value in row {row} that is not text")
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _wrong(tensor: Tensor, what: str, *, status: int = 400) -> RequestError:
    return RequestError(f"Input {short(tensor.name)} {what}.", status=status)
