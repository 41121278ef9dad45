"""Checks of the whole data: enough rows, few missing values, few duplicates, a usable target."""

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Expectations, Question
from plumbline.jobs.data.violations import Violation, of_mask


def broken_expectations(
    frame: pl.DataFrame, copies: int, schema: DataSchema, wanted: Expectations
) -> list[Violation]:
    """Return the expectations that the rows do not meet.

    Args:
        frame: all rows, typed.
        copies: how many rows are duplicates of another row.
        schema: the columns.
        wanted: the expectations.
    """
    found = []
    if frame.height < wanted.min_rows:
        message = (
            f"The data has {_rows(frame.height)}; spec.expectations.minRows is {wanted.min_rows}."
        )
        found.append(Violation(rule="MinRows", count=frame.height, message=message))
    if frame.height and copies / frame.height > wanted.max_duplicate_share:
        message = (
            f"{copies} of {_rows(frame.height)} are duplicates "
            f"({_percent(copies / frame.height)}); spec.expectations.maxDuplicateShare is "
            f"{_percent(wanted.max_duplicate_share)}."
        )
        found.append(Violation(rule="MaxDuplicateShare", count=copies, message=message))
    return found + _gaps(frame, schema, wanted)


def _gaps(frame: pl.DataFrame, schema: DataSchema, wanted: Expectations) -> list[Violation]:
    counts = {c.name: frame[c.name].null_count() for c in schema.columns if c.nullable}
    return [
        Violation(
            rule="MaxNullShare",
            column=name,
            count=count,
            message=f"Column {name}: {count} of {frame.height} values are missing "
            f"({_percent(count / frame.height)}); spec.expectations.maxNullShare is "
            f"{_percent(wanted.max_null_share)}.",
        )
        for name, count in counts.items()
        if frame.height and count / frame.height > wanted.max_null_share
    ]


def broken_target(
    frame: pl.DataFrame, schema: DataSchema, question: Question | None
) -> list[Violation]:
    """Return why the target cannot be learned: missing values, a single value, or a wrong type."""
    if question is None or not frame.height:
        return []
    name = question.target
    column = next(c for c in schema.columns if c.name == name)
    values, missing = frame[name], frame[name].is_null()
    if missing.all() or (missing.any() and not column.nullable):
        advice = "Fix the data, or set nullable of the column to true to leave these rows out."
        if missing.all():
            advice = "Provide rows with a target, or fix spec.question.target."
        return of_mask(
            "TargetMissing", name, missing, (f"Target {name}", "missing value", ""), advice
        )
    if values.drop_nulls().n_unique() < 2:
        return [constant_target(name, frame.height, "all rows")]
    if problem := _unfit(column.type, question.task):
        message = f"Target {name} has type {column.type}, {problem}"
        return [Violation(rule="Type", column=name, count=values.count(), message=message)]
    if question.task != "Classification" or column.type != "number":
        return []
    fractions = (values != values.floor()).fill_null(False)
    found = (f"Target {name}", "value", "with a fraction, which cannot be a class")
    advice = "Use Regression, or round them in the data."
    return of_mask("Type", name, fractions, found, advice)


def constant_target(name: str, rows: int, where: str) -> Violation:
    """Return the violation of a target with a single value in these rows."""
    message = f"Target {name} has the same value in {where}: there is nothing to learn."
    return Violation(rule="TargetConstant", column=name, count=rows, message=message)


def _unfit(kind: str, task: str) -> str:
    """Return why no value of a type can be the target of a task, and what to do."""
    if kind == "timestamp":
        return "which models cannot predict. Derive a number from it in the data."
    if task == "Regression" and kind == "string":
        advice = "Declare the column as a number, or use Classification."
        return f"but Regression predicts numbers. {advice}"
    return ""


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
