"""What a step is asked to do: the task files, read strictly, in the words of the kinds."""

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from plumbline.api.meta import Gate, Model, Observed
from plumbline.api.v1alpha1.dataset import DataSchema, DataSource, Expectations, Question
from plumbline.api.v1alpha1.training_run import Trainer
from plumbline.jobs.failures import JobFailed


class Owner(Observed):
    """The object that the task belongs to."""

    name: str
    namespace: str = ""
    uid: str


class ProfileTask(Model):
    """Read the source of a Dataset, check it and keep it."""

    dataset: Owner
    source: DataSource
    format: Literal["csv", "parquet"]
    schema_: DataSchema = Field(alias="schema")
    expectations: Expectations = Expectations()
    question: Question | None = None
    holdout_key: str
    previous: str | None = None


class PinnedData(Observed):
    """The revision of a Dataset that a run is pinned to."""

    name: str
    revision: int
    digest: str
    manifest: str


class ChampionBar(Observed):
    """How much worse than the champion the model may be."""

    metric: str
    margin: float = 0.0
    confidence: float = 0.95


class Bars(Observed):
    """What the model must hold."""

    metrics: tuple[Gate, ...] = ()
    champion: ChampionBar | None = None


class TrainingTask(Observed):
    """The frozen spec of a run."""

    run: Owner
    dataset: PinnedData
    question: Question
    features: tuple[str, ...] = ()
    trainer: Trainer
    seed: int = 0
    gates: Bars = Bars()


class Champion(Observed):
    """The model to compare with."""

    manifest: str
    digest: str | None = None
    run: str | None = None


class JudgeTask(Observed):
    """What is to be judged, known only after training."""

    training: str
    champion: Champion | None = None


class DataTask(Observed):
    """What a training container is told: `task.json` beside its data."""

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    estimator: dict[str, Any] | None = None
    seed: int = 0


class PredictTask(Observed):
    """What the predict step is told: `task.json` beside the features.

    Attributes:
        strewn: whether held-out rows were picked from among others, not one stretch of time.
    """

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    reference: tuple[dict[str, Any], ...] = ()
    strewn: bool = False
    champion: bool = False


Task = TypeVar("Task", ProfileTask, TrainingTask, JudgeTask, DataTask, PredictTask)


def read(path: Path, kind: type[Task]) -> Task:
    """Return the task in a file.

    Raises:
        JobFailed: it is not there or not what this version understands.
    """
    try:
        return kind.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise JobFailed("TaskInvalid", f"reading {path}: {_short(error)}") from error


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:3])
    return str(error)[:300]
