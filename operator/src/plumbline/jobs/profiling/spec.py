"""Mistakes in a Dataset's spec that admission cannot see, said before anything is fetched."""

import re
import warnings

from plumbline.api.v1alpha1.dataset import DataSchema, Question
from plumbline.jobs.failures import JobFailed

# Columns that the steps add beside the data's own.
RESERVED = ("__group", "__holdout", "__prediction")


def check_spec(schema: DataSchema, question: Question | None) -> None:
    """Check what the columns are called, and that the spec speaks of columns that there are.

    Raises:
        JobFailed: it names a column that is not declared, or one that cannot be; or a pattern is
            not in the syntax that servers read.
    """
    names = {column.name for column in schema.columns}
    for name in sorted(names):
        _check_name(name)
    for column in schema.columns:
        _check_pattern(column.name, column.pattern or "")
    for name in schema.primary_key:
        if name not in names:
            raise _invalid(f"primaryKey: {name!r} is not a column.")
    if question is not None and question.target not in names:
        raise _invalid(f"question.target: {question.target!r} is not a column; declare it.")


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise _invalid(f"column {name!r} has a name that the steps need; rename it in the data.")
    # Such a name would stand for other columns wherever columns are chosen by name.
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        raise _invalid(f"column {name!r} is called like a pattern; rename it in the data.")


def _check_pattern(name: str, pattern: str) -> None:
    """Refuse what Python does not know, or reads otherwise: live values are matched by it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        problem = f"pattern of {name!r} is no regular expression in Python's syntax: {error}."
        raise _invalid(problem) from error


def _invalid(problem: str) -> JobFailed:
    return JobFailed("SpecInvalid", f"schema: {problem}")
