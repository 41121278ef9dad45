"""Mistakes in a Dataset's spec that admission cannot see, said before anything is fetched."""

import re
import warnings

from plumbline.api.v1alpha1.dataset import Column, DataSchema, Question
from plumbline.jobs.failures import JobFailed

# Columns that the steps add beside the data's own.
RESERVED = ("__group", "__holdout", "__prediction")


def check_spec(schema: DataSchema, question: Question | None) -> None:
    """Check what the columns are called and promise, and that the spec speaks of columns there are.

    Raises:
        JobFailed: it names a column that is not declared, or declares one that cannot be.
    """
    names = {column.name for column in schema.columns}
    for column in schema.columns:
        _check_name(column.name)
        _check_rules(column)
        _check_pattern(column)
    for name in schema.primary_key:
        if name not in names:
            raise _invalid(f"primaryKey: {name!r} is not a column.")
        if schema.primary_key.count(name) > 1:
            raise _invalid(f"primaryKey: {name!r} is there twice; name it once.")
    if question is not None and question.target not in names:
        raise _invalid(f"question.target: {question.target!r} is not a column; declare it.")


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise _invalid(f"column {name!r} has a name that the steps need; rename it in the data.")
    # Such a name would stand for other columns wherever columns are chosen by name.
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        raise _invalid(f"column {name!r} is called like a pattern; rename it in the data.")


def _check_rules(column: Column) -> None:
    """Refuse rules that would never be looked at, or that nothing can hold."""
    is_text, is_number = column.type == "string", column.type in ("integer", "number")
    if not is_text and (column.values or column.pattern is not None):
        raise _misplaced(column, "values and pattern are rules of string columns")
    low, high = column.min, column.max
    if not is_number and (low is not None or high is not None):
        raise _misplaced(column, "min and max are rules of integer and number columns")
    if low is not None and high is not None and low > high:
        raise _invalid(f"column {column.name!r}: min {low:g} is above max {high:g}; mend one.")


def _misplaced(column: Column, problem: str) -> JobFailed:
    told = f"column {column.name!r} has type {column.type}, but {problem}"
    return _invalid(f"{told}; drop them or change the type.")


def _check_pattern(column: Column) -> None:
    """Refuse a pattern that servers, which match with Python, cannot read or read otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            re.compile(column.pattern or "")
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        advice = "write it as an expression of Python's re."
        raise _invalid(f"pattern of {column.name!r}: {error}; {advice}") from error


def _invalid(problem: str) -> JobFailed:
    return JobFailed("SpecInvalid", f"schema: {problem}")
