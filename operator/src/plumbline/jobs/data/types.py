"""From the values of a file to the declared types; a value that does not convert is marked."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from plumbline.jobs.data.texts import of_bytes, texts

Mask = pl.Series

DTYPES: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "timestamp": pl.Datetime("us", "UTC"),
}
# What common tools write for a missing value. Not so in string columns, where "NA" may be Namibia.
_NOTHING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
# A column of booleans with gaps is often written as 1.0 and 0.0.
_TRUE = ["true", "True", "TRUE", "1", "1.0"]
_FALSE = ["false", "False", "FALSE", "0", "0.0"]
_FORMATS = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
_ZONED = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"]
_YEAR = r"^\s*[0-9]{4}-"
# Python has no dates outside of these; they mostly come from seconds read as microseconds.
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# From here on, several integers have the same float.
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Typed:
    """A column in its declared type.

    Attributes:
        values: null where the file has no value, and where the value has another type.
        bad: true where the value has another type.
    """

    values: pl.Series
    bad: Mask


def typed(raw: pl.Series, kind: str) -> Typed:
    """Return the column as `kind`: integer, number, string, boolean or timestamp."""
    text = of_bytes(raw) if raw.dtype == pl.Binary else raw
    source = _without_nothing(text, kind)
    values = _convert(source, kind).rename(raw.name)
    unreadable = text.is_null() & raw.is_not_null()
    bad = ((values.is_null() & source.is_not_null()) | unreadable).rename(raw.name)
    return Typed(values, bad)


def _without_nothing(raw: pl.Series, kind: str) -> pl.Series:
    if raw.dtype.is_float():
        return raw.fill_nan(None)
    if raw.dtype in (pl.Categorical, pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype != pl.String:
        return raw
    if kind == "string":
        return raw.replace("", None)
    stripped = raw.str.strip_chars()
    return stripped.set(stripped.is_in(_NOTHING), None)


def _convert(source: pl.Series, kind: str) -> pl.Series:
    if kind == "integer":
        return _integers(source)
    if kind == "number":
        return _numbers(source)
    if kind == "boolean":
        return _booleans(source)
    if kind == "timestamp":
        return _timestamps(source)
    return texts(source)


def _numbers(source: pl.Series) -> pl.Series:
    """Return finite floats; infinity counts as a value of another type."""
    if not (source.dtype.is_numeric() or source.dtype in (pl.String, pl.Boolean)):
        return _nothing(source, pl.Float64())
    values = source.cast(pl.Float64, strict=False).fill_nan(None)
    return values.set(values.is_infinite().fill_null(False), None)


def _integers(source: pl.Series) -> pl.Series:
    """Return integers. `3.0` is one: tools write integers so when values are missing."""
    if source.dtype.is_integer() or source.dtype == pl.Boolean:
        return source.cast(pl.Int64, strict=False)
    if source.dtype.is_decimal():
        return _whole(source)
    direct = source.cast(pl.Int64, strict=False) if source.dtype == pl.String else None
    floats = _numbers(source)
    whole = (floats == floats.floor()) & (floats.abs() < _EXACT)
    rounded = floats.set(~whole.fill_null(True), None).cast(pl.Int64, strict=False)
    return rounded if direct is None else direct.zip_with(direct.is_not_null(), rounded)


def _whole(decimals: pl.Series) -> pl.Series:
    """Return decimals without a fraction as integers, digit by digit."""
    integers = decimals.cast(pl.Int64, strict=False)
    same = integers.cast(decimals.dtype, strict=False) == decimals
    return integers.set(~same.fill_null(False), None)


def _booleans(source: pl.Series) -> pl.Series:
    if source.dtype == pl.Boolean:
        return source
    if source.dtype.is_numeric():
        source = source.cast(pl.Float64).cast(pl.String)
    if source.dtype != pl.String:
        return _nothing(source, pl.Boolean())
    lookup = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return source.replace_strict(lookup, default=None, return_dtype=pl.Boolean)


def _timestamps(source: pl.Series) -> pl.Series:
    """Return instants of the years 1 to 9999."""
    instants = _instants(source)
    return instants.set(~instants.is_between(_FIRST, _LAST).fill_null(False), None)


def _instants(source: pl.Series) -> pl.Series:
    """Return instants; text is ISO 8601, and without an offset it is UTC."""
    if isinstance(source.dtype, pl.Datetime) and source.dtype.time_zone is not None:
        return source.dt.convert_time_zone("UTC").cast(DTYPES["timestamp"], strict=False)
    if isinstance(source.dtype, pl.Datetime) or source.dtype == pl.Date:
        return source.cast(pl.Datetime("us"), strict=False).dt.replace_time_zone("UTC")
    if source.dtype != pl.String:
        return _nothing(source, DTYPES["timestamp"])
    return _parsed(source)


def _parsed(text: pl.Series) -> pl.Series:
    dated = text.set(~text.str.contains(_YEAR).fill_null(False), None)
    frame = dated.alias("t").to_frame()
    clean = pl.col("t").str.replace(" ", "T", literal=True)
    clean = clean.str.replace(r"(?: ?UTC|[zZ])$", "+00:00")
    zoned = [
        clean.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
        for form in _ZONED
    ]
    plain = [
        clean.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        for form in _FORMATS
    ]
    return frame.select(pl.coalesce(*zoned, *plain).alias(text.name or "t")).to_series()


def _nothing(source: pl.Series, dtype: pl.DataType) -> pl.Series:
    return pl.Series(source.name, [None] * len(source), dtype=dtype)
