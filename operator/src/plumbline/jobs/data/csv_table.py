"""A CSV file as text columns, or the reasons why it is not a table."""

import gzip
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from plumbline.jobs.data.csv_lines import DAMAGED, Lines, odd_line, open_binary
from plumbline.jobs.data.violations import Violation
from plumbline.jobs.failures import JobFailed

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = (";", "\t", "|")


def broken_lines(lines: Lines, name: str) -> list[Violation]:
    """Return why the lines of the file called `name` are not a table."""
    if lines.torn:
        first = lines.torn[0]
        left = len(lines.torn) - 1
        more = f" (and {left} more {'line' if left == 1 else 'lines'})" if left else ""
        advice = separator_hint(lines.names) or " Fix the file, or write it again."
        message = f"Line {first.number} of {name} {first.problem}{more}.{advice}"
        numbers = tuple(line.number for line in lines.torn[:10])
        return [Violation(rule="TornLine", count=len(lines.torn), rows=numbers, message=message)]
    if not lines.names:
        return [Violation(rule="SourceEmpty", message=f"{name} has no header and no rows.")]
    return []


def columns_twice(names: Sequence[str], name: str, wanted: Collection[str]) -> list[Violation]:
    """Return which of the wanted columns are twice in the header of the file called `name`."""
    return [
        Violation(
            rule="ColumnTwice",
            column=each[:128],
            message=f"{name} has two columns {each}. Rename one of them in the file.",
        )
        for each in sorted({each for each in wanted if names.count(each) > 1})
    ]


def separator_hint(names: Collection[str]) -> str:
    """Return what to do when the header is one field that has another separator in it."""
    found = [each for each in _SEPARATORS for name in names if len(names) == 1 and each in name]
    return f" Is the separator {found[0]!r}? Use commas." if found else ""


def refuse_utf16(path: Path, name: str) -> None:
    """Refuse UTF-16, in which the search for line ends finds nothing."""
    with open_binary(path) as file, suppress(*DAMAGED):  # the scan reports damaged data
        if file.read(2) in _UTF_16:
            raise _unreadable(name, "it is UTF-16; save it as UTF-8")


def read_csv(path: Path, name: str, lines: Lines, wanted: Collection[str]) -> pl.DataFrame:
    """Return the wanted columns, all of them text.

    Raises:
        JobFailed: the file is not UTF-8, or its quotes or line ends are not valid in csv.
    """
    places = [place for place, each in enumerate(lines.names) if each in wanted]
    try:
        # Polars reads only the first member of a gzip file; the module gzip reads them all.
        with open_binary(path) as file:
            content = file.read() if isinstance(file, gzip.GzipFile) else path
            raw = pl.read_csv(content, infer_schema=False, columns=places)
    except PolarsError as error:
        raise _unreadable(name, _bad_text(path) or _bad_row(path)) from error
    if raw.height != lines.rows:
        raise _unreadable(name, _bad_row(path))
    raw.columns = [lines.names[place] for place in places]
    return _without_blank(raw, lines) if len(lines.names) > 1 else raw


def _bad_row(path: Path) -> str:
    found = odd_line(path)
    where = "in it" if found is None else f"in line {found}"
    return (
        f"a quote or the line end {where} is wrong. Write the file with a csv library, which ends "
        "lines with LF and doubles the quotes inside of values"
    )


def _without_blank(raw: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """Drop blank lines; a file of a single column is not given, where they are missing values."""
    if not lines.blank:
        return raw
    places = pl.Series(lines.blank, dtype=pl.UInt32)
    return raw.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(places.implode()))


def _bad_text(path: Path) -> str:
    with open_binary(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"line {number} is not UTF-8; save the file as UTF-8"
    return ""


def _unreadable(name: str, problem: str) -> JobFailed:
    return JobFailed("SourceUnreadable", f"{name} cannot be read as csv: {problem}.")
