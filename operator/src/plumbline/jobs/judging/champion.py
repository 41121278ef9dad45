"""The champion's answers to the same held-out rows, from its compiled form."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Feature
from plumbline.contract.tasks import PredictTask
from plumbline.jobs.compiling import answers
from plumbline.jobs.compiling.answers import Answers
from plumbline.jobs.places import Places
from plumbline.serving.engines import ModelError


@dataclass(frozen=True, slots=True)
class Champion:
    """What the champion answers, or why it cannot.

    Attributes:
        matrix: its answers; None if there is no champion or it cannot answer.
        classes: its classes, in the order of the columns.
        error: why it cannot answer, such as a feature that the data no longer has.
    """

    matrix: Answers | None = None
    classes: list[Any] | None = None
    error: str = ""

    @property
    def answers(self) -> tuple[Answers | None, list[Any] | None]:
        """The answers and the classes of their columns."""
        return self.matrix, self.classes

    def as_dict(self) -> dict[str, Any]:
        """Return what predict.json says of it."""
        return {"championClasses": self.classes, "championError": self.error}


def answered(task: PredictTask, holdout: pl.DataFrame, places: Places) -> Champion:
    """Return the champion's answers to the held-out rows."""
    if not task.champion:
        return Champion()
    folder = places.at(layout.CHAMPION)
    try:
        content = model_json.read((folder / layout.MODEL_FILE).read_bytes())
    except model_json.Unreadable as error:
        return Champion(error=f"the champion cannot answer: {error}")
    absent = [each.name for each in content.features if each.name not in holdout.columns]
    if absent:
        return Champion(error=f"the champion needs column {absent[0]!r}, which is gone")
    if changed := [each.name for each in content.features if _is_text_now(each, holdout)]:
        return Champion(error=f"the champion needs numbers in column {changed[0]!r}, now text")
    if (content.task, content.target) != (task.task, task.target):
        return Champion(error=f"the champion answers another question: {content.target}")
    try:
        matrix = answers.of_compiled(
            folder, holdout, [model_json.wire(each) for each in content.features]
        )
    except (ModelError, ValueError, KeyError) as error:
        return Champion(error=f"the champion cannot answer: {str(error)[:300]}")
    return Champion(matrix, content.classes)


def _is_text_now(feature: Feature, holdout: pl.DataFrame) -> bool:
    """Tell whether a column of numbers has become one of text; the other way round is no harm."""
    return feature.type != "category" and holdout.schema[feature.name] == pl.String
