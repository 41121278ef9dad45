"""TrainingRun: one immutable, reproducible training, and the evaluation of its model."""

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
    ShortText,
    Status,
    Variable,
    exactly_one_of,
    validations,
)
from plumbline.api.metrics import ChampionMetric
from plumbline.api.objects import Resource
from plumbline.api.quantities import Resources

TRAINING_RUN = Resource(GROUP, VERSION, "TrainingRun", "trainingruns")


class TrainingRunReason(StrEnum):
    """Reasons of a TrainingRun's conditions and events."""

    SUSPENDED = "Suspended"
    """spec.suspend is true: no further Job is created. Set it to false to continue."""
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    """The namespace has no credentials for the store. An administrator must add the namespace to the chart's value namespaces."""
    TEMPLATE_NOT_FOUND = "TemplateNotFound"
    """templateRef names a TrainingTemplate that does not exist. Create it, or make a new run with the right name."""
    SPEC_INCOMPLETE = "SpecIncomplete"
    """Neither the run nor its template has datasetRef, or neither has trainer. Make a new run that has both."""
    STORE_SECRET_FORBIDDEN = "StoreSecretForbidden"  # noqa: S105 - a reason, not a secret
    """podTemplate.env reads the Secret plumbline-store; a training container must not have it. Fix the template, or make a new run."""
    DATASET_NOT_FOUND = "DatasetNotFound"
    """datasetRef names a Dataset that does not exist. Create it, or make a new run with the right name."""
    DATASET_NOT_READY = "DatasetNotReady"
    """The Dataset has no revision yet, or its source is being read. The run starts when a revision is in use."""
    REVISION_UNKNOWN = "RevisionUnknown"
    """The Dataset does not have the revision of datasetRef.revision. Make a new run with one that the message lists."""
    QUESTION_MISSING = "QuestionMissing"
    """The Dataset has no spec.question. Set it, with task and target."""
    TARGET_MISSING = "TargetMissing"
    """spec.question.target of the Dataset is not one of its columns, or has no values. Fix the Dataset."""
    FEATURE_UNKNOWN = "FeatureUnknown"
    """features has a name that is not a column of the Dataset. Fix the template, or make a new run."""
    FEATURE_IS_TARGET = "FeatureIsTarget"
    """features has the target; a model must not learn from the column that it predicts. Fix the template, or make a new run."""
    FEATURE_TWICE = "FeatureTwice"
    """features names a column more than once. Fix the template, or make a new run."""
    METRIC_NOT_APPLICABLE = "MetricNotApplicable"
    """gates has a metric that does not apply to the task or to the number of classes; the message lists those that do. Fix the template, or make a new run."""
    NAME_CONFLICT = "NameConflict"
    """The ConfigMap <run>-spec exists and does not belong to this run. Delete it, or create the run under another name."""
    FROZEN_SPEC_CHANGED = "FrozenSpecChanged"
    """The ConfigMap with the spec of the run was changed or deleted, so the result could not be reproduced. Make a new run."""
    QUEUED = "Queued"
    """The Job waits until its queue admits it."""
    TRAINING = "Training"
    """The training Job is under way."""
    EVALUATING = "Evaluating"
    """The model is being evaluated on the held-out rows."""
    COMPLETE = "Complete"
    """The model passed all gates; the message gives its metrics."""
    GATE_FAILED = "GateFailed"
    """The model failed a gate; the message gives the numbers."""
    GATE_INCONCLUSIVE = "GateInconclusive"
    """The held-out rows are too few to decide about a gate. Provide more rows, or change the gate."""
    RESULT_MISSING = "ResultMissing"
    """The Job ended, but its result is not in the store. Make a new run."""
    RESULT_INVALID = "ResultInvalid"
    """The operator cannot read the result of the Job. Use the same version for the operator and the trainer image, then create a new run."""


# The fields of a run that can be changed later. A CEL rule refuses a change of any other field.
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
    """Revision to train on. When left out, the run takes the newest one at its start."""


class Estimator(Model):
    """An estimator with the interface of scikit-learn, trained by the built-in trainer."""

    import_: Annotated[
        str, Field(alias="import", max_length=253, pattern=r"^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+$")
    ]
    """Import path of the class, such as sklearn.ensemble.HistGradientBoostingClassifier."""
    params: Params = {}
    """Parameters of the constructor. Write a float such as 1.0 as the string "1.0", because the API server stores 1.0 as 1. Strings that are valid JSON are parsed."""


class EnvVar(Model):
    """A plain environment variable."""

    name: Variable
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] = ""
    """Value of the variable."""


class TrainerContainer(Model):
    """A training container of your own. It reads the rows in the folder $PLUMBLINE_DATA and writes model.skops to the folder $PLUMBLINE_MODEL."""

    image: Image
    """Image of the container."""
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
                exactly_one_of("estimator", "container"),
                "exactly one of estimator and container must be set",
            ),
        )
    }

    estimator: Estimator | None = None
    """Use the built-in trainer, which preprocesses columns by their type."""
    container: TrainerContainer | None = None
    """Use a training container of your own."""


class ChampionGate(Model):
    """Compares the new model with the one that serves (the champion) on the same held-out rows."""

    deployment_ref: LocalRef
    """ModelDeployment whose stable model is the champion. If it has no stable model, the gate passes."""
    metric: ChampionMetric = "auc"
    """Metric to compare."""
    margin: Annotated[float, Field(ge=0)] | None = None
    """How much worse than the champion the new model may be, in units of the metric. When left out, it is 0.01 for auc, accuracy, f1 and r2, and 2 % of the champion's value for brier, log_loss, mae and rmse. With 0 the new model must be shown to be better: 95 % of retrainings on alike data, which are as good as the champion, do not pass."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Confidence level of the comparison, which is one-sided. Messages show the two-sided interval with the same lower bound: for 0.95, the 90 % interval."""


class Gates(Model):
    """Gates that the model must pass to be accepted."""

    metrics: Annotated[list[Gate], Field(max_length=16)] = []
    """Limits for metrics on the held-out rows."""
    champion: ChampionGate | None = None
    """Comparison with the model that serves (the champion)."""


class TrainingFields(Model):
    """The fields that TrainingRun and TrainingTemplate have in common."""

    dataset_ref: DatasetRef | None = None
    """The data to train on."""
    trainer: Trainer | None = None
    """How to train."""
    features: Annotated[list[ShortText], Field(max_length=500)] = []
    """Columns to learn from; when empty, all but the target, the time column and the primary key."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Seed for all random numbers; 0 when left out."""
    gates: Gates | None = None
    """Gates that the model must pass to be accepted."""
    resources: Resources | None = None
    """Compute resources of the training container."""
    pod_template: PodTemplate | None = None
    """Settings of the training pod."""
    backoff_limit: Annotated[int, Field(ge=0, le=10)] | None = None
    """How often a failed training is repeated; 1 when left out."""
    active_deadline_seconds: Annotated[Seconds, Field(ge=1)] | None = None
    """Longest time that training may take, in seconds; after it the run fails. When left out, there is no limit."""
    ttl_seconds_after_finished: Seconds | None = None
    """When the Jobs of the run and their pods are deleted, in seconds after the end of the run. When left out, they stay. The TrainingRun always stays."""


_FROZEN = (
    "templateRef",
    *(
        str(field.alias)
        for field in TrainingFields.model_fields.values()
        if field.alias not in MUTABLE
    ),
)
_IMMUTABLE = " && ".join(
    f"has(self.{n}) == has(oldSelf.{n}) && (!has(self.{n}) || self.{n} == oldSelf.{n})"
    for n in _FROZEN
)


class TrainingRunSpec(TrainingFields):
    """What to train. Only suspend, activeDeadlineSeconds and ttlSecondsAfterFinished can be changed later."""

    model_config = {
        "json_schema_extra": validations(
            (
                _IMMUTABLE,
                "only suspend, activeDeadlineSeconds and ttlSecondsAfterFinished of a TrainingRun can change: make a new run",
            ),
            (
                "has(self.templateRef) || has(self.datasetRef)",
                "datasetRef is required without templateRef",
            ),
            (
                "has(self.templateRef) || has(self.trainer)",
                "trainer is required without templateRef",
            ),
        )
    }

    template_ref: LocalRef | None = None
    """TrainingTemplate that supplies the fields that this run leaves out."""
    suspend: bool = False
    """Whether to pause the run before its next Job."""


class Metric(Observed):
    """A metric with its confidence interval."""

    name: Annotated[str, Field(max_length=63)]
    """Name of the metric."""
    value: float
    """Estimate on the held-out rows."""
    low: float
    """Lower bound of the 95 % confidence interval."""
    high: float
    """Upper bound of the 95 % confidence interval."""
    n: int = 0
    """Number of held-out rows."""


class GateResult(Observed):
    """Result of one gate."""

    name: Annotated[str, Field(max_length=128)]
    """Name of the gate, such as auc >= 0.65."""
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    """Passed, Failed or Inconclusive."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The numbers behind the verdict."""


class RunDataset(Observed):
    """The data that the run trains on."""

    name: str
    """Name of the Dataset."""
    revision: int
    """Number of the revision."""
    digest: Digest
    """Digest of the rows."""
    manifest: Digest
    """Digest of the manifest of the revision."""


class RunModel(Observed):
    """The model that the run made."""

    digest: Digest
    """Digest of the compiled form of the model, which the model server runs."""
    manifest: Digest
    """Digest of the manifest with the model, its metrics and where it comes from."""
    engine: Annotated[str, Field(max_length=32)] = ""
    """Engine of the model server that computes predictions, such as trees or linear."""


class TrainingRunStatus(Status):
    """State of the run as the operator last observed it."""

    spec_digest: Digest | None = None
    """Digest of the complete spec of the run, with the fields of its template, in the ConfigMap <run>-spec."""
    dataset: RunDataset | None = None
    """The data that the run trains on."""
    training: Digest | None = None
    """Digest of the manifest of the files that training wrote."""
    champion: Digest | None = None
    """Digest of the model that the new one was compared with."""
    model: RunModel | None = None
    """The model, once it has been evaluated."""
    metrics: Annotated[list[Metric], Field(max_length=32)] = []
    """Metrics on the held-out rows."""
    gates: Annotated[list[GateResult], Field(max_length=32)] = []
    """Result of each gate."""
    verdict: Literal["Passed", "Failed", "Inconclusive"] | None = None
    """Result of all gates together: Passed, Failed or Inconclusive."""
    look: int | None = None
    """Which look at the held-out rows the evaluation was. The bounds of gates are wider for later looks; see status.holdout of the Dataset."""
    evaluated_on: Annotated[str, Field(max_length=40)] | None = None
    """Name of the Dataset whose held-out rows the model was evaluated on; set when that is done."""
    report: Digest | None = None
    """Digest of the evaluation report in the store."""
    start_time: datetime | None = None
    """When the training Job was created."""
    completion_time: datetime | None = None
    """When the run ended, with a model or without one."""


class TrainingRun(Observed):
    """TrainingRun trains one model on one revision of a Dataset and evaluates it on held-out rows. Its spec, code and seed are fixed, so that it can be reproduced."""

    metadata: ObjectMeta
    spec: TrainingRunSpec
    status: TrainingRunStatus = TrainingRunStatus()
