"""What a step is asked to do: the task files, in the words of the kinds.

The operator builds a task, writes its `wire` and mounts it; the step reads the same model. A text
that a run was started with is kept by its digest, so `wire` must not change for the same content.
"""

from typing import Any, Literal

from pydantic import Field

from plumbline.api.meta import Model, Observed, PodTemplate
from plumbline.api.quantities import Resources
from plumbline.api.v1alpha1.dataset import DataSchema, DataSource, Expectations, Question
from plumbline.api.v1alpha1.training_run import Estimator, Gates, RunDataset, Trainer


class Owner(Observed):
    """The object that a task or a manifest belongs to."""

    name: str = ""
    namespace: str = ""
    uid: str


class ProfileTask(Model):
    """Read the source of a Dataset, check it and keep it.

    Attributes:
        holdout_key: what rows are drawn by, so that a Dataset made again holds out the same ones.
        previous: digest of the manifest of the revision in use.
    """

    dataset: Owner
    source: DataSource
    format: Literal["csv", "parquet"]
    schema_: DataSchema = Field(alias="schema")
    expectations: Expectations = Expectations()
    question: Question | None = None
    holdout_key: str
    previous: str | None = None

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return {"previous": None, **_without_nulls(self)}


class PodSettings(Observed):
    """How the training pod is made.

    Attributes:
        resources: of the training container.
        pod_template: the user's own settings.
        backoff_limit: how often a failed training is tried again.
        active_deadline_seconds: how long training may take.
        ttl_seconds_after_finished: how long the Jobs stay.
    """

    resources: Resources = Resources()
    pod_template: PodTemplate = PodTemplate()
    backoff_limit: int = 1
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None


class FrozenSpec(Observed):
    """What a plan reads of a run's frozen spec; its steps read the whole `TrainingTask`."""

    dataset: RunDataset
    trainer: Trainer
    seed: int = 0
    gates: Gates = Gates()
    pod: PodSettings = PodSettings()


class TrainingTask(FrozenSpec):
    """The frozen spec of a run: merged once from run and template, pinned to a revision."""

    run: Owner
    template: str | None = None
    question: Question
    features: tuple[str, ...] = ()

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        found = {"template": None, **_without_nulls(self)}
        return {**found, "gates": {"champion": None, **found["gates"]}}


class Champion(Observed):
    """The model to compare with."""

    manifest: str
    digest: str | None = None
    run: str | None = None


class JudgeTask(Observed):
    """What is to be judged, known only after training.

    Attributes:
        training: digest of the manifest of the trained files.
        champion: the model to compare with, if there is one.
    """

    training: str
    champion: Champion | None = None

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)


class DataTask(Observed):
    """What a training container is told: `task.json` beside its data."""

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    seed: int = 0
    estimator: Estimator | None = None

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)


class PredictTask(Observed):
    """What the predict step is told: `task.json` beside the features.

    Attributes:
        reference: the bins of the features, as the Dataset's manifest holds them.
        champion: whether there is a champion to answer beside the model.
        strewn: whether held-out rows were picked from among others, not one stretch of time.
    """

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    reference: tuple[dict[str, Any], ...] = ()
    champion: bool = False
    strewn: bool = False

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)


def _without_nulls(task: Model | Observed) -> dict[str, Any]:
    return task.model_dump(mode="json", by_alias=True, exclude_none=True)
