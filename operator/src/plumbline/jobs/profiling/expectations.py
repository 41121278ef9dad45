"""What the set as a whole must hold: enough rows, few gaps, few copies, a learnable target."""

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Expectations, Question
from plumbline.jobs.data.violations import Violation, of_mask


def broken_expectations(
    frame: pl.DataFrame, copies: int, schema: DataSchema, wanted: Expectations
) -> list[Violation]:
    """Return the expectations that the rows do not meet.

    Args:
        frame: all rows, typed.
        copies: how many rows are copies of another.
        schema: the columns.
        wanted: the expectations.
    """
    found = []
    if frame.height < wanted.min_rows:
        message = f"{frame.height} rows, fewer than the {wanted.min_rows} of minRows."
        found.append(Violation(rule="MinRows", count=frame.height, message=message))
    if frame.height and copies / frame.height > wanted.max_duplicate_share:
        message = (
            f"{copies} of {frame.height} rows are copies ({copies / frame.height:.1%}), more than "
            f"the {wanted.max_duplicate_share:.1%} of maxDuplicateShare."
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
            message=f"{name}: {count} of {frame.height} values are missing "
            f"({count / frame.height:.1%}), more than the {wanted.max_null_share:.1%} of "
            "maxNullShare.",
        )
        for name, count in counts.items()
        if frame.height and count / frame.height > wanted.max_null_share
    ]


def broken_target(
    frame: pl.DataFrame, schema: DataSchema, question: Question | None
) -> list[Violation]:
    """Return what makes the target unfit: gaps that are not allowed, or nothing to tell apart."""
    if question is None or not frame.height:
        return []
    name = question.target
    column = next(c for c in schema.columns if c.name == name)
    values, missing = frame[name], frame[name].is_null()
    if missing.all() or (missing.any() and not column.nullable):
        return of_mask("TargetMissing", name, missing, f"target {name} has no value")
    if values.drop_nulls().n_unique() < 2:
        return [constant_target(name, frame.height, "all rows")]
    wrong, problem = _unfit(values, column.type, question.task)
    return of_mask("Type", name, wrong, f"target {name} {problem}")


def constant_target(name: str, rows: int, where: str) -> Violation:
    """Return the violation of a target that tells nothing apart in so many rows."""
    message = f"target {name} has the same value in {where}; there is nothing to learn."
    return Violation(rule="TargetConstant", column=name, count=rows, message=message)


def _unfit(values: pl.Series, kind: str, task: str) -> tuple[pl.Series, str]:
    """Return which values cannot be the target of a task, and why."""
    if kind == "timestamp":
        problem = "is a timestamp, which no model predicts; derive a number from it in the data"
        return values.is_not_null(), problem
    if task == "Regression" and kind == "string":
        problem = "is text, which cannot be a target of Regression; declare it as a number"
        return values.is_not_null(), problem
    if task == "Classification" and kind == "number":
        problem = "holds fractions, which are no classes; ask for Regression or round them"
        return (values != values.floor()).fill_null(False), problem
    return pl.repeat(False, len(values), eager=True), ""
