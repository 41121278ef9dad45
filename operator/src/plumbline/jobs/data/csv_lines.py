"""The lines of a CSV file: its header, and the lines that are not rows (torn, or blank).

The file is read once only for this, because fast parsers accept lines that are torn.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

csv.field_size_limit(16 << 20)
_MOST_TORN = 1000
_GZIP = b"\x1f\x8b"
_FIELD = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_ROW = re.compile(rf"{_FIELD}(?:,{_FIELD})*(?:\r?\n)?")
_CSV_ERRORS = {
    "unexpected end of data": "has a quote that is not closed",
    "field larger than": "has a field of more than 16 MiB; probably a quote is not closed",
    "expected after": "has text after a closing quote",
}
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class TornLine:
    """A line that is not a row.

    Attributes:
        number: the line where the row begins; the header is line 1.
        problem: what is wrong, as it follows "Line 2 of file"; it shows no value.
    """

    number: int
    problem: str


@dataclass(slots=True)
class Lines:
    """The lines of a file.

    Attributes:
        names: the header; empty if there is none.
        rows: how many rows follow it, blank lines among them.
        blank: which of these rows are blank, counted from 0.
        torn: the first thousand rows with too few or too many fields, or with an open quote.
    """

    names: list[str] = field(default_factory=list)
    rows: int = 0
    blank: list[int] = field(default_factory=list)
    torn: list[TornLine] = field(default_factory=list)

    def add(self, row: list[str], number: int) -> None:
        """Add a row that begins at line `number`."""
        if not row:
            self.blank.append(self.rows)
        elif len(row) != len(self.names):
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            problem = f"has {fields}, the header has {len(self.names)}"
            self.torn.append(TornLine(number, problem))
        self.rows += 1


def scan(path: Path) -> Lines:
    """Read through a file, compressed or not, up to its thousandth torn line."""
    found = Lines()
    with open_binary(path) as raw:
        rows = csv.reader(_text(raw), strict=True)
        begin = 1
        try:
            found.names = next((row for row in rows if row), [])
            begin = rows.line_num + 1
            for row in rows:
                found.add(row, begin)
                begin = rows.line_num + 1
                if len(found.torn) == _MOST_TORN:
                    break
        except csv.Error as error:
            found.torn.append(TornLine(begin, _problem(str(error))))
        except DAMAGED:
            problem = "cannot be read, because the compressed data is cut or damaged there"
            found.torn.append(TornLine(begin, problem))
    return found


def _problem(error: str) -> str:
    """Return what is wrong with a line that the module csv refuses."""
    known = (text for words, text in _CSV_ERRORS.items() if words in error)
    return next(known, f"cannot be read ({error})")


def odd_line(path: Path) -> int | None:
    """Return the line of the first row that parsers read in different ways, or None.

    Such a row has quotes inside of a value that is not quoted, or ends with CR alone.
    """
    with open_binary(path) as raw:
        taken: list[str] = []
        rows, begin = csv.reader(_noting(_text(raw), taken)), 1
        for _ in rows:
            if not _ROW.fullmatch("".join(taken)):
                return begin
            begin = rows.line_num + 1
            taken.clear()
    return None


def _text(raw: IO[bytes] | gzip.GzipFile) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, newline="", encoding="utf-8-sig", errors="replace")


def _noting(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def open_binary(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file; one that is compressed with gzip is decompressed."""
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    return gzip.open(path) if compressed else path.open("rb")
