"""The task files of steps, made of the fields of the kinds.

The operator builds a task and mounts its `wire` as a file in the pod; the step reads it into the
same class. A run's task is compared by its digest, so `wire` must not change for the same content.
"""

from typing import Annotated, Any, Literal

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
    """Read the source of a Dataset, check its rows and store them.

    Attributes:
        holdout_key: key of the hash that chooses the held-out rows: namespace and name of the
            Dataset, so that one that is created again holds out the same rows.
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
        # Null and not left out, as in the first release: the digest of a task must not change.
        return {"previous": None, **_without_nulls(self)}


class PodSettings(Observed):
    """The settings of the training pod.

    Attributes:
        resources: compute resources of the training container.
        pod_template: other settings of the pod that a user may choose.
        backoff_limit: how often a failed training is tried again.
        active_deadline_seconds: how long the training may take.
        ttl_seconds_after_finished: how long finished Jobs are kept.
    """

    resources: Resources = Resources()
    pod_template: PodTemplate = PodTemplate()
    backoff_limit: int = 1
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None


class FrozenSpec(Observed):
    """The part of a `TrainingTask` that a plan reads."""

    dataset: RunDataset
    trainer: Trainer
    seed: int = 0
    gates: Gates = Gates()
    pod: PodSettings = PodSettings()


class TrainingTask(FrozenSpec):
    """The complete frozen spec of a run, which its steps read as their task.

    It is merged once from run and template, with a fixed data revision, and never changes.
    """

    run: Owner
    template: str | None = None
    question: Question
    features: tuple[str, ...] = ()

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        # These two are null and not left out, as in the first release.
        task = {"template": None, **_without_nulls(self)}
        return {**task, "gates": {"champion": None, **task["gates"]}}


class Champion(Observed):
    """The model to compare with.

    Attributes:
        manifest: digest of its manifest.
        digest: digest of the model itself.
        run: name of the TrainingRun that made it.
    """

    manifest: str
    digest: str | None = None
    run: str | None = None


class Looks(Observed):
    """The models that were evaluated on the same held-out rows before.

    Attributes:
        known: for each of them, by its digest, which look it was.
        next: the number of the next look.
    """

    known: dict[str, int] = Field(default_factory=dict)
    next: int = 1

    def number_of(self, model: str) -> int:
        """Return which look the evaluation of a model is; the same model is no new look."""
        return self.known.get(model, self.next)


class JudgeTask(Observed):
    """The model to evaluate, which is known only after the training.

    Attributes:
        training: digest of the manifest of the trained files.
        champion: the model to compare with, if there is one.
        looks: earlier looks at the held-out rows; None if nobody counts.
    """

    training: str
    champion: Champion | None = None
    looks: Annotated[Looks | None, Field(exclude_if=lambda found: found is None)] = None

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)

    def is_like(self, other: "JudgeTask") -> bool:
        """Whether both evaluate and compare the same; looks are counted when a Job is created."""
        return (self.training, self.champion) == (other.training, other.champion)


class DataTask(Observed):
    """The task of a training container: `task.json` in the folder of its data.

    Attributes:
        personal_target: whether no message may show values of the target.
    """

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    seed: int = 0
    estimator: Estimator | None = None
    personal_target: bool = False

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)


class PredictTask(Observed):
    """The task of the predict step: `task.json` in the folder of the features.

    Attributes:
        reference: the bins of the features, from the Dataset's manifest.
        champion: whether a champion must predict the rows too.
        random_rows: whether the held-out rows were chosen at random, not as the newest rows; it was
            called `strewn` in the first release, and still is in the file.
    """

    task: Literal["Classification", "Regression"]
    target: str
    features: list[dict[str, Any]]
    reference: tuple[dict[str, Any], ...] = ()
    champion: bool = False
    random_rows: bool = Field(False, alias="strewn")

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object of the task file."""
        return self.model_dump(mode="json", by_alias=True)


def _without_nulls(task: Model | Observed) -> dict[str, Any]:
    return task.model_dump(mode="json", by_alias=True, exclude_none=True)
