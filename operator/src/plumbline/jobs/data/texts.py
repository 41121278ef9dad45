"""Values of other types as texts, so that one category never has two spellings.

A tool that has no integers with gaps writes the codes 1, 2 and a gap as 1.0, 2.0 and NaN. A whole
number is therefore its digits, whatever type a file gives it.
"""

import polars as pl
from polars.exceptions import ComputeError

_NONE = (pl.Duration, pl.Object)
# From here on, several integers have the same float.
_EXACT: dict[type[pl.DataType], float] = {pl.Float64: 2.0**53, pl.Float32: 2.0**24}
_EXACT_HALF = 2.0**11
_WHOLE = r"^-?(?:0|[1-9][0-9]*)\.0$"


def texts(values: pl.Series) -> pl.Series:
    """Return values of any type as text; null where a value is missing or has no sure text."""
    dtype = values.dtype
    if dtype == pl.String:
        return values
    if dtype.is_nested() or dtype in _NONE:
        return pl.Series(values.name, [None] * len(values), dtype=pl.String)
    if dtype == pl.Binary:
        return of_bytes(values)
    if dtype.is_float():
        return _of_floats(values)
    text = values.cast(pl.String, strict=False)
    return _without_zeros(text) if dtype.is_decimal() else text


def without_gap_zeros(texts: pl.Series) -> pl.Series:
    """Return `1` for `1.0` in a text file if a gap made a tool write all integers so.

    Version numbers are such texts too, but of those some have another fraction or none is missing.
    """
    has_gap = texts.is_null().any() or (texts == "").any()
    of_tool = has_gap and texts.set(texts == "", None).str.contains(_WHOLE).all()
    return texts.str.strip_suffix(".0") if of_tool else texts


def of_bytes(values: pl.Series) -> pl.Series:
    """Return bytes as the text that some databases write so; null where it is not UTF-8."""
    try:
        return values.cast(pl.String)
    except ComputeError:
        return pl.Series(values.name, map(_decoded, values.to_list()), dtype=pl.String)


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _of_floats(values: pl.Series) -> pl.Series:
    whole = (values == values.floor()).fill_null(False)
    exact = values.abs() < _EXACT.get(type(values.dtype), _EXACT_HALF)
    digits = values.set(~(whole & exact), None).cast(pl.Int64, strict=False).cast(pl.String)
    fractions = values.set(whole | ~values.is_finite(), None).cast(pl.String)
    return digits.zip_with(whole, fractions)


def _without_zeros(decimals: pl.Series) -> pl.Series:
    """Return `1` for `1.00` and `1.5` for `1.50`: the number of digits is that of the column."""
    has_point = decimals.str.contains(".", literal=True).fill_null(False)
    return decimals.str.replace(r"\.?0+$", "").zip_with(has_point, decimals)
