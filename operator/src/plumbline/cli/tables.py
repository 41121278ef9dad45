"""Reads tables without a schema: the first table gives the types of both.

Parquet has types. In a csv file, a column has the first of the types number, boolean and timestamp
that 99 of 100 of its values have, and is text otherwise; numbers with leading zeros are text too,
since they are codes. The reading itself is that of the profile Job, also of the second table.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError
from pyarrow import ArrowException

from plumbline.cli.exits import Refused
from plumbline.jobs.data import csv_table, parquet_table
from plumbline.jobs.data.csv_lines import scan
from plumbline.jobs.data.magic import refuse_other
from plumbline.jobs.data.texts import without_gap_zeros
from plumbline.jobs.data.types import Mask, typed
from plumbline.jobs.failures import JobFailed

# Polars refuses zones such as +05:30; the instants are in UTC, so the zone does not matter.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
MOST_OF, _PARQUET, _CODE = 0.99, b"PAR1", r"^\s*[+-]?0[0-9]"
_GUESSES = ("number", "boolean", "timestamp")


@dataclass(frozen=True, slots=True)
class Table:
    """A table in types.

    Attributes:
        name: of the file, as the user wrote it.
        frame: its columns, each in its type.
        types: number, string, boolean or timestamp by column; None if it has no
            values that can be compared.
        bad: for each column with values of another type, in which rows they are. These values are
            left out, as a model server leaves them out of the comparison.
        names: all columns of the file.
    """

    name: str
    frame: pl.DataFrame
    types: Mapping[str, str | None]
    bad: Mapping[str, Mask]
    names: tuple[str, ...] = ()


def read(path: Path, like: Table | None = None, only: Collection[str] = ()) -> Table:
    """Read a table.

    Args:
        path: of a csv or Parquet file.
        like: the table whose types are used for columns of the same name.
        only: columns to read, if the file has them; empty for all.

    Raises:
        Refused: it is no table.
    """
    try:
        raw, names = _raw(path, only)
    except JobFailed as error:
        raise Refused(error.message) from error
    except (PolarsError, ArrowException, OSError, PanicException) as error:
        text = str(error).partition("\n")[0][:200].rstrip(". ")
        raise Refused(f"{path} cannot be read: {text}.") from error
    if not raw.height:
        raise Refused(f"{path} has no rows.")
    return replace(typed_table(raw, str(path), like.types if like else {}), names=names)


def sliced(table: Table, rows: slice | pl.Series) -> Table:
    """Return some rows of a table."""
    bad = {name: each[rows] for name, each in table.bad.items()}
    return replace(table, frame=table.frame[rows], bad=bad)


def _raw(path: Path, only: Collection[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return columns in the types of the file, and the names of all its columns."""
    if not path.is_file():
        raise Refused(f"{path} is not a file. Name a csv or Parquet file.")
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
    if not head:
        raise Refused(f"{path} is empty (0 bytes).")
    if head != _PARQUET:
        return _csv(path, only)
    names = tuple(pl.read_parquet_schema(path))
    return parquet_table.read_parquet(path, _wanted(names, only)), names


def _csv(path: Path, only: Collection[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    name = str(path)
    refuse_other(path, name, "csv")
    csv_table.refuse_utf16(path, name)
    lines = scan(path)
    wanted = _wanted(lines.names, only)
    wrong = csv_table.broken_lines(lines, name)
    if wrong := wrong or csv_table.columns_twice(lines.names, name, wanted):
        raise Refused(wrong[0].message)
    return csv_table.read_csv(path, name, lines, wanted), tuple(lines.names)


def _wanted(names: Sequence[str], only: Collection[str]) -> list[str]:
    """Return the columns to read: one at least, which gives the number of rows."""
    return [name for name in names if name in only] or list(names if not only else names[:1])


def typed_table(raw: pl.DataFrame, name: str, types: Mapping[str, str | None]) -> Table:
    """Convert column by column and free each raw column: two tables may not fit into memory."""
    columns, bad, found, names = [], {}, {}, tuple(raw.columns)
    for column in raw.columns:
        values = raw.drop_in_place(column)
        kind = types.get(column) or _kind(values)
        found[column] = kind
        if kind == "string" and values.dtype == pl.String:
            values = without_gap_zeros(values)
        converted = typed(values, kind or "string")
        columns.append(converted.values)
        if converted.bad.any():
            bad[column] = converted.bad
    return Table(name, pl.DataFrame(columns), found, bad, names)


def _kind(values: pl.Series) -> str | None:
    """Return the type of a column; None if it has no values to compare."""
    if values.dtype != pl.String:
        return None if values.null_count() == len(values) else _of_dtype(values.dtype)
    rows = values.value_counts(name="rows")
    texts, weights = rows[values.name], rows["rows"]
    for kind in _GUESSES:
        converted = typed(texts, kind)
        known = int(weights.filter(converted.values.is_not_null()).sum())
        odd = int(weights.filter(converted.bad).sum())
        if not known and not odd:
            return None
        if known >= MOST_OF * (known + odd) and not (kind == "number" and _are_codes(texts)):
            return kind
    return "string"


def _are_codes(texts: pl.Series) -> bool:
    return bool(texts.str.contains(_CODE).fill_null(False).any())


def _of_dtype(dtype: pl.DataType) -> str | None:
    if dtype.is_nested() or dtype == pl.Duration:
        return None
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    return "timestamp" if dtype == pl.Date or isinstance(dtype, pl.Datetime) else "string"
