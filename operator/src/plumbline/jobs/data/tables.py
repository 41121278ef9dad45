"""One file becomes one typed table, or the reasons why it cannot."""

import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError
from pyarrow import ArrowException

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.jobs.data import csv_table, parquet_table
from plumbline.jobs.data.csv_lines import scan
from plumbline.jobs.data.magic import refuse_other
from plumbline.jobs.data.texts import without_gap_zeros
from plumbline.jobs.data.types import Mask, typed
from plumbline.jobs.data.violations import Violation
from plumbline.jobs.failures import JobFailed

# Polars refuses zones such as +05:30; the instants are stored in UTC, so the zone does not matter.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")


@dataclass(frozen=True, slots=True)
class Table:
    """A file in the declared types.

    Attributes:
        frame: the declared columns, in the order of the schema.
        bad: for each column with values of another type, in which rows they are.
        violations: why the whole file is unusable; the frame is empty then.
    """

    frame: pl.DataFrame
    bad: Mapping[str, Mask] = field(default_factory=dict)
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
        return _unusable(Violation(rule="SourceEmpty", message=f"{name} is empty (0 bytes)."))
    refuse_other(path, name, format_)
    return (_csv if format_ == "csv" else _parquet)(path, name, schema)


def _csv(path: Path, name: str, schema: DataSchema) -> Table:
    csv_table.refuse_utf16(path, name)
    lines = scan(path)
    wrong = csv_table.broken_lines(lines, name)
    wrong = wrong or _wrong_columns(lines.names, lines.rows, name, schema)
    wrong = wrong or csv_table.columns_twice(lines.names, name, _declared(schema))
    if wrong:
        return _unusable(*wrong)
    raw = csv_table.read_csv(path, name, lines, _declared(schema))
    codes = [without_gap_zeros(raw[each]) for each in _free_texts(schema)]
    return _typed(raw.with_columns(codes), schema)


def _free_texts(schema: DataSchema) -> list[str]:
    """Return the columns of texts whose schema does not say that `1.0` is a value."""
    columns = [column for column in schema.columns if column.type == "string"]
    return [c.name for c in columns if not any(value.endswith(".0") for value in c.values)]


def _parquet(path: Path, name: str, schema: DataSchema) -> Table:
    try:
        names = list(pl.read_parquet_schema(path))
        rows = pl.scan_parquet(path, hive_partitioning=False).select(pl.len()).collect().item()
        wrong = _wrong_columns(names, rows, name, schema)
        if wrong:
            return _unusable(*wrong)
        return _typed(parquet_table.read_parquet(path, _declared(schema)), schema)
    except (PolarsError, ArrowException, OSError, PanicException) as error:
        raise JobFailed(
            "SourceUnreadable",
            f"{name} cannot be read as parquet: {_first_line(error)}. Check spec.format and the "
            "file.",
        ) from error


def _first_line(error: BaseException) -> str:
    # Polars adds lines about its query plan, which a user never wrote.
    return str(error).partition("\n")[0][:200].rstrip(". ") or "it is damaged"


def _unusable(*violations: Violation) -> Table:
    return Table(pl.DataFrame(), violations=violations)


def _declared(schema: DataSchema) -> list[str]:
    return [column.name for column in schema.columns]


def _wrong_columns(
    names: Sequence[str], rows: int, name: str, schema: DataSchema
) -> list[Violation]:
    declared = _declared(schema)
    is_secret = _may_be_personal(names, schema)
    has = "None of its columns is in the schema; is a header missing?" if is_secret else _has(names)
    has += csv_table.separator_hint(names)
    missing = [
        _wrong(
            "ColumnMissing",
            column,
            rows,
            f"{name} has no column {column}.{_near(column, names)} {has}",
        )
        for column in declared
        if column not in names
    ]
    advice = "Add it to the schema, or set spec.schema.strict to false"
    is_told = schema.strict and not is_secret
    extra = [column for column in dict.fromkeys(names) if column not in declared and is_told]
    return missing + [
        _wrong(
            "ColumnUnexpected", each, rows, f"{name} has the undeclared column {each}. {advice}."
        )
        for each in extra
    ]


def _near(wanted: str, names: Sequence[str]) -> str:
    """Return how a name of the file differs that looks like the wanted one."""
    for differs, plain in _LIKENESSES:
        if found := [name for name in names if plain(name) == plain(wanted)]:
            return f" Its column {found[0]!r} differs only in {differs}: rename one of them."
    return ""


def _letters(name: str) -> str:
    """Return a name without spaces and characters that nobody sees, such as zero-width ones."""
    return "".join(each for each in _composed(name) if each.isprintable() and not each.isspace())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


_LIKENESSES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("its Unicode form", _composed),
    ("spaces or invisible characters", _letters),
    ("upper and lower case", lambda name: _letters(name).casefold()),
)


def _may_be_personal(names: Sequence[str], schema: DataSchema) -> bool:
    """Whether the first line may be personal data, not names, because the header is missing."""
    return any(c.personal for c in schema.columns) and not {*names} & {*_declared(schema)}


def _has(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > 12 else ""
    told = ", ".join(repr(name[:128]) for name in names[:12])
    return f"Its columns are {told}{more}."


def _wrong(rule: str, column: str, rows: int, message: str) -> Violation:
    return Violation(rule=rule, column=column[:128], count=rows, message=message)


def _typed(raw: pl.DataFrame, schema: DataSchema) -> Table:
    """Convert column by column and free each raw column: two tables may not fit into memory."""
    columns = [typed(raw.drop_in_place(column.name), column.type) for column in schema.columns]
    bad = {column.bad.name: column.bad for column in columns if column.bad.any()}
    return Table(pl.DataFrame([column.values for column in columns]), bad)
