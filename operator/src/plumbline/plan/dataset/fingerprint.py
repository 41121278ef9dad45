"""What the rows of a Dataset are judged by: with the rows' digest it makes a revision."""

from typing import Any

from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DataSchema, Question
from plumbline.plan.common import canonical


def rules_of(dataset: Dataset) -> str:
    """Return a hash of the schema, the question and its holdout; words for people do not count.

    Defaults are left out, so that a field which a later version adds makes no revision.
    """
    spec = dataset.spec
    return canonical.short(
        [_promised(spec.schema_), _asked(spec.question), _holdout(dataset)], length=16
    )


def _promised(schema: DataSchema) -> Any:
    """Return the schema with its columns in the order of their names."""
    found = schema.model_dump(
        mode="json", exclude_defaults=True, exclude={"columns": {"__all__": {"description"}}}
    )
    return {**found, "columns": sorted(found["columns"], key=lambda each: str(each["name"]))}


def _asked(question: Question | None) -> Any:
    """Return the question without its holdout."""
    if question is None:
        return None
    return question.model_dump(mode="json", exclude_defaults=True, exclude={"holdout"})


def _holdout(dataset: Dataset) -> Any:
    """Return which rows are held out, said in one way only."""
    question = dataset.spec.question
    if question is None:
        return None
    by = question.holdout.by or ("Time" if dataset.spec.schema_.time_column else "Row")
    return [by, question.holdout.column if by == "Group" else None, question.holdout.share]
