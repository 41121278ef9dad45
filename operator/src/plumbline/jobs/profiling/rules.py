"""The rules that each column declares: type, null, min, max, values, pattern, unique, key."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from plumbline.api.v1alpha1.dataset import Column, DataSchema
from plumbline.contract.limits import widened
from plumbline.contract.patterns import matcher
from plumbline.jobs.data.types import Mask
from plumbline.jobs.data.violations import SHOWN_ROWS, Violation, counted, of_mask, row_numbers

_SHOWN = 100
Check = Callable[[Column, pl.Series, Mask], Iterator[Violation]]


def broken_rules(
    frame: pl.DataFrame, bad: Mapping[str, Mask], schema: DataSchema
) -> list[Violation]:
    """Return every rule of the schema that a row breaks.

    Args:
        frame: all rows, typed.
        bad: for each column with values of another type, the rows where they are.
        schema: the rules.
    """
    good = pl.Series([False]).new_from_index(0, frame.height)
    found: list[Violation] = []
    for column in schema.columns:
        for check in _CHECKS:
            found += check(column, frame[column.name], bad.get(column.name, good))
    return found + _key(frame, schema)


def _type(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    problem = (f"Column {column.name}", "value", f"of another type than {column.type}")
    yield from of_mask("Type", column.name, bad, problem, "Fix the data, or the column's type.")


def _null(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if not column.nullable:
        missing = values.is_null() & ~bad
        problem = (f"Column {column.name}", "missing value", "")
        advice = "Fix the data, or set nullable of the column to true."
        yield from of_mask("Null", column.name, missing, problem, advice)


def _range(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if not values.dtype.is_numeric():
        return
    if column.min is not None:
        low = (values < widened(column.min, up=False)).fill_null(False)
        yield from _limit("Min", column, values, low, f"below the minimum {column.min:g}")
    if column.max is not None:
        high = (values > widened(column.max, up=True)).fill_null(False)
        yield from _limit("Max", column, values, high, f"above the maximum {column.max:g}")


def _values(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.values and values.dtype == pl.String:
        other = (~values.is_in(list(column.values))).fill_null(False)
        listed = f"outside its allowed values ({_listed(column.values)})"
        yield from _limit("Values", column, values, other, listed)


def _pattern(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.pattern is None or values.dtype != pl.String:
        return
    other = ~_matches(column.pattern, values)
    problem = f"not matching its pattern {column.pattern[:_SHOWN]}"
    yield from _limit("Pattern", column, values, other, problem)


def _limit(
    rule: str, column: Column, values: pl.Series, broken: Mask, problem: str
) -> Iterator[Violation]:
    """Yield the violation of a rule whose field has its name, such as `min`."""
    problem += _example(column, values, broken)
    advice = f"Fix the data, or {rule.lower()} of the column."
    yield from of_mask(
        rule, column.name, broken, (f"Column {column.name}", "value", problem), advice
    )


def _unique(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.unique:
        again = ~values.is_first_distinct() & values.is_not_null()
        problem = (f"Column {column.name}", "duplicate value", "")
        advice = "Remove these rows, or set unique of the column to false."
        yield from of_mask("Unique", column.name, again, problem, advice)


_CHECKS: tuple[Check, ...] = (_type, _null, _range, _values, _pattern, _unique)


def _key(frame: pl.DataFrame, schema: DataSchema) -> list[Violation]:
    """Return the rows whose primary key is a duplicate, or has a missing part."""
    names = list(schema.primary_key)
    if not names:
        return []
    empty = frame.select(pl.any_horizontal(pl.col(names).is_null())).to_series()
    again = ~frame.select(pl.struct(names).is_first_distinct()).to_series() & ~empty
    broken = again | empty
    if not broken.any():
        return []
    count = int(broken.sum())
    rows = tuple(index + 1 for index in broken.arg_true()[:SHOWN_ROWS].to_list())
    parts = ((int(again.sum()), "duplicate"), (int(empty.sum()), "incomplete row"))
    found = " and ".join(counted(number, thing) for number, thing in parts if number)
    message = f"The primary key ({', '.join(names)}) has {found} ({row_numbers(count, rows)})."
    message += " Fix these rows, or spec.schema.primaryKey."
    return [Violation(rule="PrimaryKey", count=count, rows=rows, message=message)]


def _matches(pattern: str, values: pl.Series) -> Mask:
    """Return where the complete value matches; a missing value counts as a match."""
    whole = matcher(pattern)
    good = [text for text in values.unique().drop_nulls().to_list() if whole(text)]
    return values.is_in(pl.Series(good, dtype=pl.String)).fill_null(True)


def _example(column: Column, values: pl.Series, broken: Mask) -> str:
    """Return one value that breaks the rule, unless the column is personal."""
    if column.personal or not broken.any():
        return ""
    value = values.filter(broken)[0]
    return f", such as {value[:40]!r}" if isinstance(value, str) else f", such as {value}"


def _listed(allowed: Sequence[str]) -> str:
    """Return the allowed values, as many as a message has room for."""
    shown = ", ".join(value[:40] for value in allowed[:10])
    return shown if len(allowed) <= 10 else f"{shown} and {len(allowed) - 10} more"
