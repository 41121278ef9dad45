"""Torn CSV files: lines with too few or too many fields, or a quote that never ends."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

csv.field_size_limit(16 << 20)


@dataclass(frozen=True, slots=True)
class TornLine:
    """A line that is not a row.

    Attributes:
        number: where the row begins, counted from 1 with the header.
        problem: what is wrong with it, without any value.
    """

    number: int
    problem: str


def torn_lines(path: Path) -> Iterator[TornLine]:
    """Yield the lines of a CSV file that do not have as many fields as its header."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.reader(file, strict=True)
        begin, wanted = 1, len(next(rows, []))
        try:
            for row in rows:
                begin, number = rows.line_num + 1, begin
                if row and len(row) != wanted:
                    yield TornLine(number, f"{len(row)} fields instead of {wanted}")
        except csv.Error as error:
            yield TornLine(begin, f"{error}")
