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
        return of_mask("TargetMissing", name, missing, f"Target {name} has no value")
    if values.drop_nulls().n_unique() < 2:
        return [constant_target(name, frame.height, "all rows")]
    wrong, problem, advice = _unfit(values, column.type, question.task)
    return of_mask("Type", name, wrong, f"Target {name} {problem}", advice)


def constant_target(name: str, rows: int, where: str) -> Violation:
    """Return the violation of a target with a single value in these rows."""
    message = f"Target {name} has the same value in {where}: there is nothing to learn."
    return Violation(rule="TargetConstant", column=name, count=rows, message=message)


def _unfit(values: pl.Series, kind: str, task: str) -> tuple[pl.Series, str, str]:
    """Return which values cannot be the target of a task, why, and what to do."""
    if kind == "timestamp":
        advice = "Models do not predict timestamps: derive a number from it in the data."
        return values.is_not_null(), "is a timestamp", advice
    if task == "Regression" and kind == "string":
        advice = (
            "Regression predicts numbers: declare the column as a number, or use Classification."
        )
        return values.is_not_null(), "is text", advice
    if task == "Classification" and kind == "number":
        advice = "Fractions cannot be classes: use Regression, or round them in the data."
        return (values != values.floor()).fill_null(False), "has a fraction", advice
    return pl.repeat(False, len(values), eager=True), "", ""


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
