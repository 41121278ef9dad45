"""A rule that the data broke: which, how often, where, and what to do; never a personal value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from plumbline.contract.dataset_manifest import BrokenRule

_SHOWN_ROWS, _LONGEST = 10, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule.

    Attributes:
        rows: the first row numbers, counted from 1 over the files in order of their names.
    """

    rule: str
    message: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()

    @property
    def line(self) -> BrokenRule:
        """What the manifest says of it."""
        about = {} if self.column is None else {"column": self.column}
        message = self.message[:_LONGEST]
        return BrokenRule(
            rule=self.rule, **about, count=self.count, rows=self.rows, message=message
        )


def of_mask(rule: str, column: str | None, broken: pl.Series, sentence: str) -> list[Violation]:
    """Return one violation for the rows where `broken` is true, or none.

    Args:
        rule: its name.
        column: the column it is about.
        broken: true or false for each row.
        sentence: what is wrong; the number of rows and the first of them are put after it.
    """
    rows = [index + 1 for index in broken.arg_true()[:_SHOWN_ROWS].to_list()]
    count = int(broken.sum())
    if not count:
        return []
    message = f"{sentence}: {_rows(count)}, first {_first(rows)}."
    return [Violation(rule=rule, column=column, count=count, rows=tuple(rows), message=message)]


def of_files(found: Sequence[Violation]) -> list[Violation]:
    """Return one violation for each rule and column that files broke, in words of the first file.

    Thousands of files that lack the same columns are one mistake, and must fit into a manifest.
    """
    groups: dict[tuple[str, str | None], list[Violation]] = {}
    for each in found:
        groups.setdefault((each.rule, each.column), []).append(each)
    return [_of_group(group) for group in groups.values()]


def _of_group(group: Sequence[Violation]) -> Violation:
    first, others = group[0], len(group) - 1
    if not others:
        return first
    more = f" The same in {'1 more file' if others == 1 else f'{others} more files'}."
    message = first.message[: _LONGEST - len(more)] + more
    return replace(first, count=sum(each.count for each in group), message=message)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _first(rows: Sequence[int]) -> str:
    return ", ".join(str(row) for row in rows[:3])
