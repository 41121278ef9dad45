"""The lines of a CSV file: its header, and the lines that are no rows (torn, or blank).

The file is read once for this, because parsers that are fast forgive too much.
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
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class TornLine:
    """A line that is not a row.

    Attributes:
        number: where the row begins, counted from 1 with the header.
        problem: what is wrong with it, without any value.
    """

    number: int
    problem: str


@dataclass(slots=True)
class Lines:
    """What a file consists of.

    Attributes:
        names: the header; empty if there is none.
        rows: how many rows follow it, blank lines among them.
        blank: which of those have nothing in them, counted from 0.
        torn: the first thousand with too few or too many fields, or a quote that never ends.
    """

    names: list[str] = field(default_factory=list)
    rows: int = 0
    blank: list[int] = field(default_factory=list)
    torn: list[TornLine] = field(default_factory=list)

    def add(self, row: list[str], number: int) -> None:
        """Count a row that begins at a line."""
        if not row:
            self.blank.append(self.rows)
        elif len(row) != len(self.names):
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            self.torn.append(TornLine(number, f"{fields} instead of {len(self.names)}"))
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
            found.torn.append(TornLine(begin, f"{error}"))
        except DAMAGED:
            found.torn.append(TornLine(begin, "the compressed data is cut or damaged there"))
    return found


def odd_line(path: Path) -> int | None:
    """Return where the first row begins that parsers understand in different ways, if there is one.

    Its quotes are inside of a value that has none around it, or its line end is a lone CR.
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
    """Open a file, or what a compressed one holds."""
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    return gzip.open(path) if compressed else path.open("rb")
