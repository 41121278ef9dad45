"""Which rows are held out for evaluation: the same rule in every revision and for every run."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Holdout
from plumbline.contract.dataset_manifest import HeldOut
from plumbline.jobs.data.digest import texts_by_slice
from plumbline.jobs.failures import JobFailed

_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True)
class Rule:
    """A holdout rule with its defaults filled in.

    Attributes:
        columns: the columns that decide: the primary key (or all), the group, or the time.
    """

    by: Literal["Row", "Group", "Time"]
    columns: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are held out.

    Attributes:
        held: true for the rows that are held out.
        cut: for Time, the first value of the time that is held out.
    """

    rule: Rule
    held: pl.Series
    cut: Any = None

    def manifest_entry(self, digest: str) -> HeldOut:
        """Return its entry in the manifest; `digest` is that of the held-out rows."""
        column = self.rule.columns[0] if self.rule.by != "Row" else None
        cut = self.cut.isoformat() if isinstance(self.cut, datetime) else self.cut
        return HeldOut(
            by=self.rule.by,
            column=column,
            share=self.rule.share,
            rows=int(self.held.sum()),
            cut=cut,
            digest=digest,
        )


def rule_of(holdout: Holdout, schema: DataSchema) -> Rule:
    """Return the rule of the spec; by default by time if there is a time column, else by row.

    Raises:
        JobFailed: it names a column that is not declared.
    """
    by = holdout.by or ("Time" if schema.time_column else "Row")
    declared = {column.name: column.type for column in schema.columns}
    if by == "Row":
        return Rule(by, tuple(schema.primary_key) or tuple(sorted(declared)), holdout.share)
    column = holdout.column or (schema.time_column if by == "Time" else None)
    if column not in declared:
        named = f"column {column} is not in spec.schema" if column else "no column is named"
        raise _unfit(by, named, "a column of spec.schema")
    if by == "Time" and declared[column] == "boolean":
        named = f"column {column} is a boolean, which has no order in time"
        raise _unfit(by, named, "a timestamp, number, integer or string column")
    return Rule(by, (column,), holdout.share)


def _unfit(by: str, problem: str, fitting: str) -> JobFailed:
    message = f"The rows are held out by {by}, but {problem}."
    advice = f"Name {fitting} in spec.question.holdout.column."
    return JobFailed("SpecInvalid", f"{message} {advice}")


def split(frame: pl.DataFrame, rule: Rule, *, key: str, floor: Any = None) -> Split:
    """Decide on each row.

    Args:
        frame: all rows of the revision.
        rule: how.
        key: keys the hash, so that nobody can choose rows by their content to be held out.
        floor: for Time, the cut of the revision before; the new cut is never earlier.
    """
    if rule.by == "Time":
        return _by_time(frame, rule, floor)
    limit = int(rule.share * _WHOLE)
    marks = [_marks(texts, key, limit) for texts in texts_by_slice(frame, rule.columns)]
    return Split(rule, pl.concat([pl.Series(dtype=pl.Boolean), *marks]))


def _marks(texts: pl.Series, key: str, limit: int) -> pl.Series:
    return pl.Series([_position(text, key) < limit for text in texts], dtype=pl.Boolean)


def _position(text: str, key: str) -> int:
    """Return a number from 0 to 2**64 for a text, the same on each machine and in each release."""
    keyed = hashlib.blake2b(text.encode(), digest_size=8, key=key.encode()[:64])
    return int.from_bytes(keyed.digest(), "big")


def _by_time(frame: pl.DataFrame, rule: Rule, floor: Any) -> Split:
    """Hold out the newest rows; a row without a time is never held out."""
    times = frame[rule.columns[0]]
    found = times.drop_nulls().sort()
    cuts = [found[min(len(found) - 1, int(len(found) * (1 - rule.share)))]] if len(found) else []
    # With an earlier cut, rows would be held out that the champion was trained on.
    cuts += [] if floor is None else [_of_type(floor, times.dtype)]
    cut = max((each for each in cuts if each is not None), default=None)
    held = pl.repeat(False, len(times), eager=True) if cut is None else times >= cut
    return Split(rule, held.fill_null(False), cut)


def _of_type(floor: Any, dtype: pl.DataType) -> Any:
    """Return the cut of an earlier manifest in the type of the column; None if it has another."""
    if isinstance(dtype, pl.Datetime):
        return _instant(floor)
    fits = isinstance(floor, str) if dtype == pl.String else isinstance(floor, int | float)
    return floor if fits else None


def _instant(floor: Any) -> datetime | None:
    try:
        return floor if isinstance(floor, datetime) else datetime.fromisoformat(floor)
    except (TypeError, ValueError):
        return None
