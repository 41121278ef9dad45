"""One file becomes one typed table, or the reasons why it cannot."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.torn import torn_lines
from plumbline.jobs.types import Mask, typed
from plumbline.jobs.violations import Violation

_SHOWN_LINES = 1000


@dataclass(frozen=True, slots=True)
class Table:
    """A file in the declared types.

    Attributes:
        frame: the declared columns, in the order of the schema.
        bad: for each column with values of another type, where they are.
        violations: what makes the file unusable as a whole; the frame is empty then.
    """

    frame: pl.DataFrame
    bad: dict[str, Mask] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()


def read_table(path: Path, name: str, format_: str, schema: DataSchema) -> Table:
    """Read one file.

    Args:
        path: the file.
        name: its address, for messages.
        format_: csv or parquet.
        schema: the declared columns.
    """
    if path.stat().st_size == 0:
        return _unusable(Violation(rule="SourceEmpty", message=f"{name} is empty: 0 bytes."))
    if format_ == "csv":
        torn = _torn(path, name)
        if torn:
            return _unusable(*torn)
    raw = _raw(path, name, format_)
    wrong = _wrong_columns(raw, name, schema)
    return _unusable(*wrong) if wrong else _typed(raw, schema)


def _unusable(*violations: Violation) -> Table:
    return Table(pl.DataFrame(), violations=violations)


def _torn(path: Path, name: str) -> list[Violation]:
    lines = list(islice(torn_lines(path), _SHOWN_LINES))
    if not lines:
        return []
    first = lines[0]
    message = f"{name} is torn at line {first.number}: {first.problem}; write the file again."
    numbers = tuple(line.number for line in lines[:10])
    return [Violation(rule="TornLine", count=len(lines), rows=numbers, message=message)]


def _raw(path: Path, name: str, format_: str) -> pl.DataFrame:
    try:
        if format_ == "csv":
            return pl.read_csv(path, infer_schema=False)
        return pl.read_parquet(path, hive_partitioning=False)
    except (PolarsError, OSError) as error:
        raise JobFailed(
            "SourceUnreadable",
            f"{name} is not readable as {format_}: {str(error).splitlines()[0][:200]}; check "
            "spec.format and the file.",
        ) from error


def _wrong_columns(raw: pl.DataFrame, name: str, schema: DataSchema) -> list[Violation]:
    declared = [column.name for column in schema.columns]
    wrong = [
        Violation(rule="ColumnMissing", column=column, count=raw.height, message=message)
        for column in declared
        if column not in raw.columns
        for message in [f"{name} has no column {column!r}; it has {_names(raw.columns)}."]
    ]
    extra = [column for column in raw.columns if column not in declared] if schema.strict else []
    return wrong + [
        Violation(
            rule="ColumnUnexpected",
            column=column[:128],
            count=raw.height,
            message=f"{name} has an undeclared column {column!r}; declare it, or drop strict.",
        )
        for column in extra
    ]


def _names(columns: list[str]) -> str:
    return ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")


def _typed(raw: pl.DataFrame, schema: DataSchema) -> Table:
    columns = [typed(raw[column.name], column.type) for column in schema.columns]
    bad = {column.bad.name: column.bad for column in columns if column.bad.any()}
    return Table(pl.DataFrame([column.values for column in columns]), bad)
