"""Mistakes in the spec of a Dataset that admission cannot find, reported before the fetch."""

from plumbline.api.v1alpha1.dataset import Column, DataSchema, Question
from plumbline.contract.patterns import PatternRefused, matcher
from plumbline.jobs.failures import JobFailed

# Columns that the steps add to those of the data.
RESERVED = ("__group", "__holdout", "__prediction")
_RENAME = "Rename it in the data and in the schema."


def check_spec(schema: DataSchema, question: Question | None) -> None:
    """Check the names and the rules of the columns, and the columns that other fields name.

    Raises:
        JobFailed: a rule contradicts its column, or a field names a column that is not declared.
    """
    names = {column.name for column in schema.columns}
    for column in schema.columns:
        _check_name(column.name)
        _check_rules(column)
        _check_pattern(column)
    for name in schema.primary_key:
        if name not in names:
            raise _invalid(f"primaryKey names {name}, which is not a column. Declare it.")
        if schema.primary_key.count(name) > 1:
            raise _invalid(f"primaryKey names {name} twice. Name it once.")
    if question is not None and question.target not in names:
        message = (
            f"spec.question.target {question.target} is not a column of spec.schema. Declare it."
        )
        raise JobFailed("SpecInvalid", message)


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise _invalid(f"column {name} has a reserved name. {_RENAME}")
    # Polars reads such a name as a pattern, which selects other columns too.
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        problem = (
            "has a name that cannot be used: names must not be * or begin with ^ and end with $"
        )
        raise _invalid(f"column {name} {problem}. {_RENAME}")


def _check_rules(column: Column) -> None:
    """Refuse rules that would never be checked, or that no value can pass."""
    is_text, is_number = column.type == "string", column.type in ("integer", "number")
    if not is_text and (column.values or column.pattern is not None):
        raise _misplaced(column, "values and pattern apply to string columns only")
    low, high = column.min, column.max
    if not is_number and (low is not None or high is not None):
        raise _misplaced(column, "min and max apply to integer and number columns only")
    if low is not None and high is not None and low > high:
        message = f"column {column.name}: min {low:g} is above max {high:g}. Fix one of them."
        raise _invalid(message)


def _misplaced(column: Column, problem: str) -> JobFailed:
    message = f"column {column.name} has type {column.type}, but {problem}"
    return _invalid(f"{message}. Remove them, or change the type.")


def _check_pattern(column: Column) -> None:
    """Refuse a pattern that model servers could not match too."""
    try:
        matcher(column.pattern or "")
    except PatternRefused as error:
        raise _invalid(f"column {column.name}: pattern: {error}.") from error


def _invalid(problem: str) -> JobFailed:
    return JobFailed("SpecInvalid", f"In spec.schema, {problem}")
