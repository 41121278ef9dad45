"""The champion's predictions of the same held-out rows, by its compiled form."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Feature
from plumbline.contract.tasks import PredictTask
from plumbline.jobs.compiling import answers
from plumbline.jobs.compiling.answers import Answers
from plumbline.jobs.failures import text_of
from plumbline.jobs.paths import Paths
from plumbline.serving.engines import ModelError


@dataclass(frozen=True, slots=True)
class Champion:
    """The champion's predictions, or why it has none.

    Attributes:
        matrix: its predictions; None if there is no champion, or if it cannot predict these rows.
        classes: its classes, in the order of the columns.
        error: why it cannot predict, such as a feature that the data no longer has.
    """

    matrix: Answers | None = None
    classes: list[Any] | None = None
    error: str = ""

    @property
    def answers(self) -> tuple[Answers | None, list[Any] | None]:
        """The predictions and the classes of their columns."""
        return self.matrix, self.classes

    def as_dict(self) -> dict[str, Any]:
        """Return its entries in predict.json."""
        return {"championClasses": self.classes, "championError": self.error}


def answered(task: PredictTask, holdout: pl.DataFrame, paths: Paths) -> Champion:
    """Return the champion's predictions of the held-out rows."""
    if not task.champion:
        return Champion()
    folder = paths.at(layout.CHAMPION)
    try:
        content = model_json.read((folder / layout.MODEL_FILE).read_bytes())
    except model_json.UnreadableModel as error:
        return Champion(error=f"the champion cannot be loaded: {error}")
    absent = [each.name for each in content.features if each.name not in holdout.columns]
    if absent:
        message = f"the champion needs column {absent[0]}, which the data no longer has"
        return Champion(error=message)
    if changed := [each.name for each in content.features if _is_text_now(each, holdout)]:
        message = f"the champion needs numbers in column {changed[0]}, which is text now"
        return Champion(error=message)
    if (content.task, content.target) != (task.task, task.target):
        message = f"the champion predicts {content.target} ({content.task}), but the new model"
        return Champion(error=f"{message} predicts {task.target} ({task.task})")
    try:
        matrix = answers.of_compiled(
            folder, holdout, [model_json.wire(each) for each in content.features]
        )
    except (ModelError, ValueError, KeyError) as error:
        return Champion(error=f"the champion cannot predict these rows: {text_of(error, 300)}")
    return Champion(matrix, content.classes)


def _is_text_now(feature: Feature, holdout: pl.DataFrame) -> bool:
    """Whether a column of numbers has become text. A number can be read as text, not vice versa."""
    return feature.type != "category" and holdout.schema[feature.name] == pl.String
