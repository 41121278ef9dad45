"""What each side of the holdout needs: rows to judge with, and rows to learn from."""

import polars as pl

from plumbline.api.v1alpha1.dataset import Question
from plumbline.jobs.data.violations import Violation
from plumbline.jobs.profiling.expectations import constant_target
from plumbline.jobs.profiling.holdout import Split


def broken_sides(
    frame: pl.DataFrame, split: Split | None, question: Question | None
) -> list[Violation]:
    """Return what one side of the holdout lacks: rows at all, or two classes to tell apart."""
    if question is None or split is None:
        return []
    target = frame[question.target]
    learnt, judging = (target.filter(side).drop_nulls() for side in (~split.held, split.held))
    rows = len(learnt) + len(judging)
    if not len(judging):
        told = f"none of {rows} rows with a target is held out, so nothing can judge a model"
        return [_empty("HoldoutEmpty", told, "raise", split)]
    if not len(learnt):
        told = f"each of {rows} rows with a target is held out, so nothing is left to train on"
        return [_empty("TrainingEmpty", told, "lower", split)]
    if question.task == "Classification" and learnt.n_unique() < 2:
        where = f"the {len(learnt)} rows that are not held out"
        return [constant_target(question.target, len(learnt), where)]
    return []


def _empty(rule: str, told: str, change: str, split: Split) -> Violation:
    """Say what brings rows to the other side; rows that are alike always stay together."""
    by = split.rule.by
    other = "declare a schema.primaryKey" if by == "Row" else "hold out by something else"
    advice = f"give more rows, {change} question.holdout.share or {other}"
    return Violation(rule=rule, message=f"{told} (by {by}); {advice}.")
