"""What live traffic will be compared with: bins of the rows that models may train on.

The statistics are those of `plumbline.stats`; this module only brings the columns.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema, Question
from plumbline.jobs.answers import Answers


def reference(
    frame: pl.DataFrame, schema: DataSchema, question: Question | None
) -> dict[str, Any] | None:
    """Return the bins of every column that can be a feature, from rows in time order."""
    return None


def prediction_reference(matrix: Answers, classes: list[Any] | None) -> list[Mapping[str, Any]]:
    """Return the bins of a model's answers."""
    return []
