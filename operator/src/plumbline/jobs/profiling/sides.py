"""What each side of the holdout needs: rows to evaluate on, and rows to train on."""

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Question
from plumbline.jobs.data.violations import Violation
from plumbline.jobs.profiling.expectations import constant_target
from plumbline.jobs.profiling.holdout import Split, plain
from plumbline.jobs.profiling.store_revision import is_personal


def broken_sides(
    frame: pl.DataFrame, split: Split | None, schema: DataSchema, question: Question | None
) -> list[Violation]:
    """Return what is missing on one side of the holdout: any rows, or a second class."""
    if question is None or split is None:
        return []
    target = frame[question.target]
    learnt, judging = (target.filter(side).drop_nulls() for side in (~split.held, split.held))
    rows = len(learnt) + len(judging)
    if not len(judging):
        message = f"None of {rows} rows with a target is held out ({_place(split, schema)})"
        return [_empty("HoldoutEmpty", message, "raise", split)]
    if not len(learnt):
        message = f"All {rows} rows with a target are held out ({_place(split, schema)})"
        return [_empty("TrainingEmpty", message, "lower", split)]
    if learnt.n_unique() < 2:
        where = f"the {len(learnt)} rows that are not held out"
        return [constant_target(question.target, len(learnt), where)]
    return []


def _place(split: Split, schema: DataSchema) -> str:
    """Return what decides, such as `by Time, t from 2020-01-31 on`."""
    by = f"by {split.rule.by}"
    if split.cut is None or is_personal(split, schema):
        return by
    return f"{by}, {split.rule.columns[0]} from {plain(split.cut)} on"


def _empty(rule: str, message: str, change: str, split: Split) -> Violation:
    """Return the violation, with what moves rows to the empty side.

    The advice depends on the rule: without a primary key, equal rows are on the same side.
    """
    other = (
        "declare spec.schema.primaryKey"
        if split.rule.by == "Row"
        else "use another spec.question.holdout.by"
    )
    advice = f"Provide more rows, {change} spec.question.holdout.share, or {other}"
    purpose = "evaluate a model" if rule == "HoldoutEmpty" else "train"
    return Violation(rule=rule, message=f"{message}, so there is no row to {purpose} on. {advice}.")
