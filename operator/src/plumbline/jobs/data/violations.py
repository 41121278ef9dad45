"""A rule that the data breaks: which, how often and where; never with a personal value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from plumbline.contract.dataset_manifest import BrokenRule

SHOWN_ROWS, _LONGEST = 10, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that the data breaks, while the Job runs; its `manifest_entry` is what is written.

    Attributes:
        rows: the first row numbers, counted from 1 over the files in order of their names.
    """

    rule: str
    message: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()

    @property
    def manifest_entry(self) -> BrokenRule:
        """Its entry in the manifest."""
        about = {} if self.column is None else {"column": self.column}
        message = self.message[:_LONGEST]
        return BrokenRule(
            rule=self.rule, **about, count=self.count, rows=self.rows, message=message
        )


def of_mask(
    rule: str, column: str, broken: pl.Series, problem: tuple[str, str, str], advice: str
) -> list[Violation]:
    """Return one violation for the rows where `broken` is true, or none.

    Args:
        rule: its name.
        column: the column it is about.
        broken: true or false for each row.
        problem: what is wrong, such as "Column age", "value", "below the minimum 0": the number of
            values and the rows are put between them and at the end.
        advice: a sentence that says what to do.
    """
    rows = [index + 1 for index in broken.arg_true()[:SHOWN_ROWS].to_list()]
    count = int(broken.sum())
    if not count:
        return []
    what, thing, rest = problem
    found = f"{what} has {counted(count, thing)}{rest and ' '}{rest}"
    message = f"{found} ({row_numbers(count, rows)}). {advice}"
    return [Violation(rule=rule, column=column, count=count, rows=tuple(rows), message=message)]


def of_files(found: Sequence[Violation]) -> list[Violation]:
    """Return one violation for each rule and column, with the message of the first file.

    Thousands of files without the same column are one mistake, and must fit into a manifest.
    """
    groups: dict[tuple[str, str | None], list[Violation]] = {}
    for each in found:
        groups.setdefault((each.rule, each.column), []).append(each)
    return [_of_group(group) for group in groups.values()]


def _of_group(group: Sequence[Violation]) -> Violation:
    first, others = group[0], len(group) - 1
    if not others:
        return first
    more = f" {'1 more file has' if others == 1 else f'{others} more files have'} the same problem."
    message = first.message[: _LONGEST - len(more)] + more
    return replace(first, count=sum(each.count for each in group), message=message)


def counted(count: int, thing: str) -> str:
    """Return a number of things, such as `1 value` or `20 values`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def row_numbers(count: int, rows: Sequence[int]) -> str:
    """Return the first of so many rows, such as `rows 4, 5, 6, ...`."""
    first = ", ".join(str(row) for row in rows[:3])
    return f"row {first}" if count == 1 else f"rows {first}{', ...' if count > 3 else ''}"
