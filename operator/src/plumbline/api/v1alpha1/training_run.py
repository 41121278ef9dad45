"""TrainingRun: one immutable, reproducible training that ends in a judged model."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from plumbline.api.meta import (
    GROUP,
    VERSION,
    Digest,
    Gate,
    Image,
    LocalRef,
    Model,
    Name,
    ObjectMeta,
    Observed,
    PodTemplate,
    Seconds,
    Status,
    Variable,
    Word,
    key_of_fields,
    validations,
)
from plumbline.api.metrics import ChampionMetric
from plumbline.api.objects import Resource
from plumbline.api.quantities import Resources

TRAINING_RUN = Resource(GROUP, VERSION, "TrainingRun", "trainingruns")


class TrainingRunReason(StrEnum):
    """Why a TrainingRun is as it is."""

    SUSPENDED = "Suspended"
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    TEMPLATE_NOT_FOUND = "TemplateNotFound"
    SPEC_INCOMPLETE = "SpecIncomplete"
    STORE_SECRET_FORBIDDEN = "StoreSecretForbidden"  # noqa: S105 - a reason, not a secret
    DATASET_NOT_FOUND = "DatasetNotFound"
    DATASET_NOT_READY = "DatasetNotReady"
    REVISION_UNKNOWN = "RevisionUnknown"
    QUESTION_MISSING = "QuestionMissing"
    TARGET_MISSING = "TargetMissing"
    FEATURE_UNKNOWN = "FeatureUnknown"
    FEATURE_IS_TARGET = "FeatureIsTarget"
    METRIC_NOT_APPLICABLE = "MetricNotApplicable"
    NAME_CONFLICT = "NameConflict"
    FROZEN_SPEC_CHANGED = "FrozenSpecChanged"
    QUEUED = "Queued"
    TRAINING = "Training"
    EVALUATING = "Evaluating"
    COMPLETE = "Complete"
    GATE_FAILED = "GateFailed"
    GATE_INCONCLUSIVE = "GateInconclusive"
    RESULT_MISSING = "ResultMissing"
    RESULT_INVALID = "ResultInvalid"


MUTABLE = ("suspend", "ttlSecondsAfterFinished", "activeDeadlineSeconds")
Params = Annotated[
    dict[str, JsonValue],
    Field(
        max_length=64,
        json_schema_extra={
            "additionalProperties": {"x-kubernetes-preserve-unknown-fields": True, "nullable": True}
        },
    ),
]


class DatasetRef(Model):
    """The data to train on."""

    name: Annotated[Name, Field(max_length=40)]
    """Name of the Dataset."""
    revision: Annotated[int, Field(ge=1)] | None = None
    """Revision to use; the newest one at the start when left out."""


class Estimator(Model):
    """A scikit-learn compatible estimator, trained by the built-in trainer."""

    import_: Annotated[
        str, Field(alias="import", max_length=253, pattern=r"^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+$")
    ]
    """Import path of the class, such as sklearn.ensemble.HistGradientBoostingClassifier."""
    params: Params = {}
    """Parameters of its constructor; strings are read as JSON where they can be ("1.0" stays a float, 1.0 becomes 1)."""


class EnvVar(Model):
    """A plain environment variable."""

    name: Variable
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] = ""
    """Its value."""


class TrainerContainer(Model):
    """A user's own training container: reads $PLUMBLINE_DATA, writes model.skops to $PLUMBLINE_MODEL."""

    image: Image
    """The image."""
    command: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = []
    """Entry point, as in a Pod."""
    args: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = []
    """Arguments, as in a Pod."""
    env: Annotated[list[EnvVar], Field(max_length=64)] = []
    """Environment variables."""


class Trainer(Model):
    """How to train: exactly one of estimator and container."""

    model_config = {
        "json_schema_extra": validations(
            (
                key_of_fields("estimator", "container"),
                "exactly one of estimator and container must be set",
            ),
        )
    }

    estimator: Estimator | None = None
    """Built-in trainer with automatic preprocessing by column type."""
    container: TrainerContainer | None = None
    """A container of your own."""


class ChampionGate(Model):
    """The new model must not be worse than the model that serves, on the same held-out rows."""

    deployment_ref: LocalRef
    """ModelDeployment whose stable model is the champion; without one yet the gate passes."""
    metric: ChampionMetric = "auc"
    """Metric to compare by."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """How much worse the new model may be at most."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Confidence of the comparison."""


class Gates(Model):
    """What the model must hold to be accepted."""

    metrics: Annotated[list[Gate], Field(max_length=16)] = []
    """Bars on metrics."""
    champion: ChampionGate | None = None
    """Comparison with the model that serves."""


class TrainingFields(Model):
    """What a TrainingRun and a TrainingTemplate share."""

    dataset_ref: DatasetRef | None = None
    """The data to train on."""
    trainer: Trainer | None = None
    """How to train."""
    features: Annotated[list[Word], Field(max_length=500)] = []
    """Columns to learn from; every column but the target, the time and the keys when empty."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Seed of all randomness; 0 when left out."""
    gates: Gates | None = None
    """What the model must hold."""
    resources: Resources | None = None
    """Compute resources of the training container."""
    pod_template: PodTemplate | None = None
    """Settings of the training pod."""
    backoff_limit: Annotated[int, Field(ge=0, le=10)] | None = None
    """How often a failed training is tried again; 1 when left out."""
    active_deadline_seconds: Annotated[Seconds, Field(ge=1)] | None = None
    """Longest time that training may take, in seconds."""
    ttl_seconds_after_finished: Seconds | None = None
    """How long the Jobs and pods stay after the end, in seconds; the TrainingRun itself stays."""


_FROZEN = tuple(
    name
    for name in (
        "templateRef",
        "datasetRef",
        "trainer",
        "features",
        "seed",
        "gates",
        "resources",
        "podTemplate",
        "backoffLimit",
    )
)
_IMMUTABLE = " && ".join(
    f"has(self.{n}) == has(oldSelf.{n}) && (!has(self.{n}) || self.{n} == oldSelf.{n})"
    for n in _FROZEN
)


class TrainingRunSpec(TrainingFields):
    """What to train; immutable but for suspend, activeDeadlineSeconds and ttlSecondsAfterFinished."""

    model_config = {
        "json_schema_extra": validations(
            (
                _IMMUTABLE,
                "a TrainingRun is immutable but for suspend, activeDeadlineSeconds and ttlSecondsAfterFinished: make a new run",
            ),
            (
                "has(self.templateRef) || has(self.datasetRef)",
                "datasetRef is needed when there is no templateRef",
            ),
            (
                "has(self.templateRef) || has(self.trainer)",
                "trainer is needed when there is no templateRef",
            ),
        )
    }

    template_ref: LocalRef | None = None
    """TrainingTemplate whose fields fill in what this run leaves out."""
    suspend: bool = False
    """Whether to hold the run before its next Job."""


class Metric(Observed):
    """A metric with its confidence interval."""

    name: Annotated[str, Field(max_length=63)]
    """Name of the metric."""
    value: float
    """Estimate on the held-out rows."""
    low: float
    """Lower confidence bound."""
    high: float
    """Upper confidence bound."""
    n: int = 0
    """Number of rows."""


class GateResult(Observed):
    """How one gate was judged."""

    name: Annotated[str, Field(max_length=128)]
    """The gate, such as auc >= 0.65."""
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    """Passed, Failed or Inconclusive."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The numbers behind the verdict."""


class RunDataset(Observed):
    """The data that the run is pinned to."""

    name: str
    """Name of the Dataset."""
    revision: int
    """Revision."""
    digest: Digest
    """Digest of its rows."""
    manifest: Digest
    """Digest of its manifest."""


class RunModel(Observed):
    """The model that the run made."""

    digest: Digest
    """Digest of the servable model."""
    manifest: Digest
    """Digest of the manifest that holds model, metrics and provenance."""
    engine: Annotated[str, Field(max_length=32)] = ""
    """Engine that serves it."""


class TrainingRunStatus(Status):
    """What the operator has seen of the run."""

    spec_digest: Digest | None = None
    """Digest of the merged spec in the ConfigMap <run>-spec."""
    dataset: RunDataset | None = None
    """The data that the run is pinned to."""
    training: Digest | None = None
    """Digest of the manifest of the trained files."""
    champion: Digest | None = None
    """Model that this one was compared with."""
    model: RunModel | None = None
    """The judged model."""
    metrics: Annotated[list[Metric], Field(max_length=32)] = []
    """Metrics on the held-out rows."""
    gates: Annotated[list[GateResult], Field(max_length=32)] = []
    """The gates' verdicts."""
    verdict: Literal["Passed", "Failed", "Inconclusive"] | None = None
    """The verdict over all gates."""
    report: Digest | None = None
    """Digest of the report in the store."""
    start_time: datetime | None = None
    """When training was started."""
    completion_time: datetime | None = None
    """When the verdict was known."""


class TrainingRun(Observed):
    """TrainingRun is one immutable, reproducible training: pinned data, code, parameters and seed to a judged model."""

    metadata: ObjectMeta
    spec: TrainingRunSpec
    status: TrainingRunStatus = TrainingRunStatus()
