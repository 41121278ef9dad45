"""Which rows judge the models: a rule of the data, the same in every revision and for every run."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Holdout
from plumbline.jobs.digest import row_texts
from plumbline.jobs.failures import JobFailed

_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True)
class Rule:
    """A holdout rule with its defaults filled in.

    Attributes:
        columns: what decides on a row: its key (or all of it), its group, or its time.
    """

    by: Literal["Row", "Group", "Time"]
    columns: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are held out.

    Attributes:
        held: true for the rows that judge.
        cut: for Time, the first instant that is held out.
    """

    rule: Rule
    held: pl.Series
    cut: Any = None

    def as_dict(self) -> dict[str, Any]:
        """Return the split as the manifest holds it."""
        column = self.rule.columns[0] if self.rule.by != "Row" else None
        cut = self.cut.isoformat() if isinstance(self.cut, datetime) else self.cut
        return {
            "by": self.rule.by,
            "column": column,
            "share": self.rule.share,
            "rows": int(self.held.sum()),
            "cut": cut,
        }


def rule_of(holdout: Holdout, schema: DataSchema) -> Rule:
    """Return the rule that the spec means: by time if there is a time, else by row.

    Raises:
        JobFailed: it names a column that is not declared.
    """
    by = holdout.by or ("Time" if schema.time_column else "Row")
    declared = sorted(column.name for column in schema.columns)
    if by == "Row":
        return Rule(by, tuple(schema.primary_key) or tuple(declared), holdout.share)
    column = holdout.column or (schema.time_column if by == "Time" else None)
    if column not in declared:
        raise JobFailed(
            "SpecInvalid",
            f"question.holdout by {by}: column {column!r} is not in the schema; declare it, or "
            "name another in question.holdout.column.",
        )
    return Rule(by, (column,), holdout.share)


def split(frame: pl.DataFrame, rule: Rule, *, key: str, floor: Any = None) -> Split:
    """Decide on each row.

    Args:
        frame: all rows of the revision.
        rule: how.
        key: makes the choice this data set's own: nobody can pick rows by their hash.
        floor: for Time, the cut of the revision before, which this one never goes behind.
    """
    if rule.by == "Time":
        return _by_time(frame, rule, floor)
    texts = row_texts(frame, rule.columns)
    values = texts.unique() if rule.by == "Group" else texts
    limit = int(rule.share * _WHOLE)
    chosen = {text for text in values.to_list() if _position(text, key) < limit}
    return Split(rule, texts.is_in(pl.Series(list(chosen), dtype=pl.String).implode()))


def _position(text: str, key: str) -> int:
    """Return where a text lies between 0 and 2**64, the same everywhere and for ever."""
    keyed = hashlib.blake2b(text.encode(), digest_size=8, key=key.encode()[:64])
    return int.from_bytes(keyed.digest(), "big")


def _by_time(frame: pl.DataFrame, rule: Rule, floor: Any) -> Split:
    times = frame[rule.columns[0]]
    found = times.sort()
    cut = found[min(len(found) - 1, int(len(found) * (1 - rule.share)))] if len(found) else None
    floor = datetime.fromisoformat(floor) if isinstance(floor, str) else floor
    cut = floor if cut is None else cut if floor is None else max(cut, floor)
    held = (times >= cut).fill_null(False) if cut is not None else times.is_null()
    return Split(rule, held, cut)
