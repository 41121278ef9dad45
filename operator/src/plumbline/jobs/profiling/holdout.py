"""Which rows are held out for evaluation: the same rule in every revision and for every run."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Holdout
from plumbline.contract.dataset_manifest import HeldOut
from plumbline.jobs.data.digest import texts_by_slice
from plumbline.jobs.failures import JobFailed

_WHOLE = 1 << 64
_NO_GROUP = "~"
# Local times without an offset are read as UTC, which may be most of a day later or earlier.
ZONES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A holdout rule with its defaults filled in.

    Attributes:
        columns: the columns that decide: the primary key (or all), the group, or the time.
        key: the columns that tell rows apart: the primary key, or all.
    """

    by: Literal["Row", "Group", "Time"]
    columns: tuple[str, ...]
    share: float
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are held out.

    Attributes:
        held: true for the rows that are held out.
        cut: for Time, the first value of the time that is held out.
        dropped: the cut of the revision before, if it is after all rows.
    """

    rule: Rule
    held: pl.Series
    cut: Any = None
    dropped: Any = None

    def manifest_entry(
        self, digest: str, *, personal: bool = False, targets: int | None = None
    ) -> HeldOut:
        """Return its entry in the manifest.

        Args:
            digest: of the held-out rows.
            personal: whether the cut is personal data, which no manifest shows.
            targets: how many values the target has in these rows.
        """
        column = self.rule.columns[0] if self.rule.by != "Row" else None
        return HeldOut(
            by=self.rule.by,
            column=column,
            share=self.rule.share,
            rows=int(self.held.sum()),
            cut=None if personal else plain(self.cut),
            digest=digest,
            targets=targets,
        )


def plain(cut: Any) -> Any:
    """Return a cut as the manifest and messages show it."""
    return cut.isoformat() if isinstance(cut, datetime) else cut


def rule_of(holdout: Holdout, schema: DataSchema) -> Rule:
    """Return the rule of the spec; by default by time if there is a time column, else by row.

    Raises:
        JobFailed: it names a column that is not declared.
    """
    by = holdout.by or ("Time" if schema.time_column else "Row")
    declared = {column.name: column.type for column in schema.columns}
    key = tuple(schema.primary_key) or tuple(sorted(declared))
    if by == "Row":
        return Rule(by, key, holdout.share, key)
    column = holdout.column or (schema.time_column if by == "Time" else None)
    if column not in declared:
        named = f"column {column} is not in spec.schema" if column else "no column is named"
        raise _unfit(by, named, "a column of spec.schema")
    if by == "Time" and declared[column] == "boolean":
        named = f"column {column} is a boolean, which has no order in time"
        raise _unfit(by, named, "a timestamp, number, integer or string column")
    return Rule(by, (column,), holdout.share, key)


def _unfit(by: str, problem: str, fitting: str) -> JobFailed:
    message = f"The rows are held out by {by}, but {problem}."
    advice = f"Name {fitting} in spec.question.holdout.column."
    return JobFailed("SpecInvalid", f"{message} {advice}")


def split(frame: pl.DataFrame, rule: Rule, *, key: str, now: datetime, floor: Any = None) -> Split:
    """Decide on each row.

    Args:
        frame: all rows of the revision.
        rule: how.
        key: keys the hash, so that nobody can choose rows by their content to be held out.
        now: for Time, when the rows were read; a later time does not move the cut.
        floor: for Time, the cut of the revision before; the new cut is not earlier.
    """
    if rule.by == "Time":
        return _by_time(frame, rule, now, floor)
    limit = int(rule.share * _WHOLE)
    marks = [_marks(texts, key, limit) for texts in _units(frame, rule)]
    return Split(rule, pl.concat([pl.Series(dtype=pl.Boolean), *marks]))


def _units(frame: pl.DataFrame, rule: Rule) -> Iterator[pl.Series]:
    """Yield a text for each row, equal for rows that stay together; no group means alone."""
    decided = texts_by_slice(frame, rule.columns)
    if rule.by != "Group" or not frame[rule.columns[0]].null_count():
        return decided
    pairs = zip(decided, texts_by_slice(frame, rule.key), strict=True)
    return (groups.zip_with(groups != _NO_GROUP, rows) for groups, rows in pairs)


def _marks(texts: pl.Series, key: str, limit: int) -> pl.Series:
    return pl.Series([_position(text, key) < limit for text in texts], dtype=pl.Boolean)


def _position(text: str, key: str) -> int:
    """Return a number from 0 to 2**64 for a text, the same on each machine and in each release."""
    keyed = hashlib.blake2b(text.encode(), digest_size=8, key=key.encode()[:64])
    return int.from_bytes(keyed.digest(), "big")


def _by_time(frame: pl.DataFrame, rule: Rule, now: datetime, floor: Any) -> Split:
    """Hold out the newest rows; a row without a time is never held out."""
    times = frame[rule.columns[0]]
    before = None if floor is None else _of_type(floor, times.dtype)
    # With an earlier cut, rows would be held out that the champion was trained on. But no row is
    # held out by a cut that one wrong date moved into the future.
    last = latest(times, now)
    is_kept = before is not None and last is not None and before <= last
    cuts = [_own_cut(times, rule.share, now), before if is_kept else None]
    cut = max((each for each in cuts if each is not None), default=None)
    held = pl.repeat(False, len(times), eager=True) if cut is None else times >= cut
    return Split(rule, held.fill_null(False), cut, None if is_kept else before)


def _own_cut(times: pl.Series, share: float, now: datetime) -> Any:
    last = latest(times, now)
    if last is None:
        return None
    found = times.filter(times <= last).sort()
    return found[min(len(found) - 1, int(len(found) * (1 - share)))]


def latest(times: pl.Series, now: datetime) -> Any:
    """Return the last time that is not in the future; the last of all if all are."""
    past = times.filter(times <= now + ZONES) if isinstance(times.dtype, pl.Datetime) else times
    last = past.max()
    return times.max() if last is None else last


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
