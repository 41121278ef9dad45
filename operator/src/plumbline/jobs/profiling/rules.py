"""The rules that each column declares: type, null, min, max, values, pattern, unique, key."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from plumbline.api.v1alpha1.dataset import Column, DataSchema
from plumbline.jobs.data.types import Mask
from plumbline.jobs.data.violations import Violation, of_mask

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
    yield from of_mask("Type", column.name, bad, f"Column {column.name} is not {_a(column.type)}")


def _null(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if not column.nullable:
        missing = values.is_null() & ~bad
        yield from of_mask("Null", column.name, missing, f"Column {column.name} has no value")


def _range(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if not values.dtype.is_numeric():
        return
    if column.min is not None:
        low = (values < column.min).fill_null(False)
        sentence = f"Column {column.name} is below the minimum {column.min:g}"
        yield from of_mask("Min", column.name, low, sentence + _example(column, values, low))
    if column.max is not None:
        high = (values > column.max).fill_null(False)
        sentence = f"Column {column.name} is above the maximum {column.max:g}"
        yield from of_mask("Max", column.name, high, sentence + _example(column, values, high))


def _values(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.values and values.dtype == pl.String:
        other = (~values.is_in(list(column.values))).fill_null(False)
        sentence = f"Column {column.name} is not one of: {_listed(column.values)}"
        yield from of_mask("Values", column.name, other, sentence + _example(column, values, other))


def _pattern(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.pattern is None or values.dtype != pl.String:
        return
    other = ~_matches(column.pattern, values)
    sentence = f"Column {column.name} does not match its pattern {column.pattern[:_SHOWN]}"
    yield from of_mask("Pattern", column.name, other, sentence + _example(column, values, other))


def _unique(column: Column, values: pl.Series, bad: Mask) -> Iterator[Violation]:
    if column.unique:
        again = ~values.is_first_distinct() & values.is_not_null()
        yield from of_mask(
            "Unique", column.name, again, f"Column {column.name} has a duplicate value"
        )


_CHECKS: tuple[Check, ...] = (_type, _null, _range, _values, _pattern, _unique)


def _key(frame: pl.DataFrame, schema: DataSchema) -> list[Violation]:
    """Return the rows whose primary key is a duplicate, or has a missing part."""
    names = list(schema.primary_key)
    if not names:
        return []
    again = ~frame.select(pl.struct(names).is_first_distinct()).to_series()
    empty = frame.select(pl.any_horizontal(pl.col(names).is_null())).to_series()
    sentence = f"The primary key ({', '.join(names)}) is a duplicate or incomplete"
    return of_mask("PrimaryKey", None, again | empty, sentence)


def _matches(pattern: str, values: pl.Series) -> Mask:
    """Return where the whole value matches; a missing value counts as a match."""
    try:
        return values.str.contains(rf"\A(?:{pattern})\z").fill_null(True)
    except PolarsError:
        return _matches_slowly(pattern, values)


def _matches_slowly(pattern: str, values: pl.Series) -> Mask:
    """Match with Python's `re`: unlike Polars, it has lookarounds and back-references."""
    expression = re.compile(pattern)
    good = [text is None or expression.fullmatch(text) is not None for text in values.to_list()]
    return pl.Series(good, dtype=pl.Boolean)


def _example(column: Column, values: pl.Series, broken: Mask) -> str:
    """Return one value that breaks the rule, unless the column is personal."""
    if column.personal or not broken.any():
        return ""
    value = values.filter(broken)[0]
    return f" (such as {value[:40]!r})" if isinstance(value, str) else f" (such as {value})"


def _listed(allowed: Sequence[str]) -> str:
    """Return the allowed values, as many as a message has room for."""
    shown = ", ".join(value[:40] for value in allowed[:10])
    return shown if len(allowed) <= 10 else f"{shown} and {len(allowed) - 10} more"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
