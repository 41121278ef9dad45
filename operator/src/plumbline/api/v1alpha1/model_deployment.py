"""ModelDeployment: serves a model and rolls out newer ones step by step."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from plumbline.api.meta import (
    GROUP,
    VERSION,
    Digest,
    Gate,
    Image,
    Labels,
    LocalRef,
    Model,
    ObjectMeta,
    Observed,
    Seconds,
    Status,
    exactly_one_of,
    validations,
)
from plumbline.api.objects import Resource
from plumbline.api.quantities import Resources

MODEL_DEPLOYMENT = Resource(GROUP, VERSION, "ModelDeployment", "modeldeployments")


class ModelDeploymentReason(StrEnum):
    """Reasons of a ModelDeployment's conditions and events."""

    SUSPENDED = "Suspended"
    """spec.suspend is true: no rollout starts or advances. Set it to false to continue."""
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    """The namespace has no credentials for the store. An administrator must add the namespace to the chart's value namespaces."""
    WAITING_FOR_RUN = "WaitingForRun"
    """spec.model matches no TrainingRun, or the run has not been evaluated yet."""
    NOT_ACCEPTED = "NotAccepted"
    """The newest run gave no model, or its model does not pass its own gates or accept.gates. The message says which."""
    STARTING = "Starting"
    """The pods of the new model are starting."""
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    """The pods of the new model were not ready within rollout.progressDeadlineSeconds. Run kubectl describe on the pods for details."""
    SERVING = "Serving"
    """A model serves; the message gives its run and its URL."""
    SCALED_TO_ZERO = "ScaledToZero"
    """spec.replicas is 0: no pod serves."""
    UNAVAILABLE = "Unavailable"
    """No pod of the serving model is ready. The message says why."""
    CANARY_RUNNING = "CanaryRunning"
    """The new model (canary) receives a share of the requests and is being measured."""
    DRAINING = "Draining"
    """The previous model finishes its last requests; its pods are then removed."""
    IDLE = "Idle"
    """No rollout is under way."""
    ROLLED_BACK = "RolledBack"
    """A new model failed its rollout and the previous one serves. It is not tried again until the annotation plumbline.dev/retry changes."""
    ROLLOUT_STARTED = "RolloutStarted"
    """Event: the rollout of a new model began."""
    ROLLOUT_CANCELLED = "RolloutCancelled"
    """Event: the rollout ended because the spec no longer selects the new model."""
    STEP_STARTED = "StepStarted"
    """Event: the new model receives the share of requests of the next step."""
    PROMOTED = "Promoted"
    """Event: the new model passed all steps and serves all requests."""
    ERROR_RATE_TOO_HIGH = "ErrorRateTooHigh"
    """Cause of a rollback: the share of failed requests was above analysis.maxErrorRate."""
    LATENCY_TOO_HIGH = "LatencyTooHigh"
    """Cause of a rollback: the latency of the new model was above analysis.maxLatencyRatio times that of the previous one."""

    PREDICTIONS_SHIFTED = "PredictionsShifted"
    """Cause of a rollback: the new model predicts (nearly) the same for all rows, or its predictions differ from those of the previous one by more than analysis.maxPredictionShift."""


class RunSelector(Model):
    """Selects TrainingRuns by label. The newest run that has been evaluated is the candidate."""

    match_labels: Annotated[Labels, Field(min_length=1)]
    """Labels that the run must have."""


class ModelChoice(Model):
    """Which model to serve: exactly one of runRef and selector."""

    model_config = {
        "json_schema_extra": validations(
            (
                exactly_one_of("runRef", "selector"),
                "exactly one of runRef and selector must be set",
            ),
        )
    }

    run_ref: LocalRef | None = None
    """The TrainingRun to serve, by name."""
    selector: RunSelector | None = None
    """Labels of runs. The run with the highest data revision is served; of several runs with this revision, the one that completed last."""


class Accept(Model):
    """Gates that a model must pass to serve here, in addition to the gates of its run."""

    gates: Annotated[list[Gate], Field(max_length=16)] = []
    """Limits for the metrics of the run."""


class Server(Model):
    """The serving container."""

    image: Image | None = None
    """Image of the model server; when left out, the serving image of the operator's release. A new image is rolled out like a new model."""
    resources: Resources = Resources(cpu="200m", memory="512Mi", ephemeral_storage="1Gi")
    """Compute resources of the server."""


class RolloutStep(Model):
    """One step of a rollout."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Share of the requests that the new model receives, in percent."""
    pause_seconds: Seconds = 0
    """Shortest time that this step lasts, in seconds."""


class Analysis(Model):
    """Limits that the new model must meet on every step."""

    min_requests: Annotated[int, Field(ge=1)] = 100
    """Number of requests that the new model must answer before the step can pass."""
    max_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest acceptable share of failed requests. If the stable model itself fails more often, its share counts instead."""
    error_rate_slack: Annotated[float, Field(gt=0, le=1)] | None = None
    """A step passes when the counts show that the true share of failed requests is below maxErrorRate plus this value; in at most 5 % of the cases this is wrong. When left out, it is the larger of maxErrorRate and 0.005. A smaller value needs more requests: half the value needs about three times as many, for a model that fails as often as allowed."""
    max_latency_ratio: Annotated[float, Field(gt=0)] = 2.0
    """Largest allowed latency of the new model, divided by that of the stable model. The 95th percentiles (p95) are compared, in buckets that are 15 % wide."""
    latency_slack_seconds: Annotated[float, Field(ge=0, le=2**31 - 1)] = 0.02
    """By how many seconds the new model may always be slower, whatever maxLatencyRatio says. The ratio of two tiny latencies says more about the nodes than about the models."""
    max_prediction_shift: Annotated[float, Field(gt=0, le=1)] | None = None
    """Largest allowed difference between the predictions of both models on live requests. For numbers and probabilities, it is the largest difference between their cumulative distributions (the Kolmogorov-Smirnov distance); for three or more classes, the largest difference between the shares of a class. When left out, only a model that predicts (nearly) the same for all rows is rolled back, because a model that was retrained after drift should predict differently."""


class Rollout(Model):
    """How a new model replaces the one that serves."""

    model_config = {
        "json_schema_extra": validations(
            (
                "self.steps.map(step, step.weight).isSorted()",
                "a step must not have a smaller weight than the step before it",
            ),
            (
                "self.steps.size() == 0 || self.steps[0].weight < 100",
                "the first step must have a weight below 100, because the stable model is measured "
                "on it; set steps: [] to replace the model without a measurement",
            ),
        )
    }

    steps: Annotated[list[RolloutStep], Field(max_length=20)] = [
        RolloutStep(weight=10),
        RolloutStep(weight=50),
    ]
    """Steps in order; no weight is smaller than the one before. After the last one the new model receives all requests. On a step of weight 100 it is compared with what the stable model showed on the step before."""
    analysis: Analysis = Analysis()
    """Limits that the new model must meet on every step."""
    progress_deadline_seconds: Annotated[Seconds, Field(ge=10)] = 600
    """Longest time for the pods of the new model to become ready, in seconds. After it the rollout fails."""


class ModelDeploymentSpec(Model):
    """What to serve and how."""

    model: ModelChoice
    """Which model to serve."""
    accept: Accept = Accept()
    """Gates that a model must pass to serve here, in addition to the gates of its run."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """Number of serving pods."""
    server: Server = Server()
    """The serving container."""
    rollout: Rollout = Rollout()
    """How a new model replaces the one that serves."""
    suspend: bool = False
    """Whether to pause rollouts. The model that serves goes on serving."""


class Served(Observed):
    """A model together with its server image and server settings."""

    identity: Annotated[str, Field(max_length=16)]
    """Hash of model, server image and server settings. A new value means a new rollout."""
    model: Digest
    """Digest of the model."""
    manifest: Digest
    """Digest of the model's manifest."""
    run: Annotated[str, Field(max_length=63)]
    """TrainingRun that made the model."""
    image: Annotated[str, Field(max_length=512)]
    """Server image."""
    revision: int = 0
    """Data revision that the model was trained on."""
    since: datetime | None = None
    """In stable: when the model was promoted. In canary: when its rollout began. In retiring: when its pods began to drain."""


class Baseline(Observed):
    """The stable model's requests on the newest step that measured its latency."""

    requests: int = 0
    """Number of requests."""
    errors: int = 0
    """Number of requests that failed."""
    latency_seconds: float = 0.0
    """Upper bound of the 95th percentile of its latency, in seconds."""


class Canary(Served):
    """The new model during its rollout."""

    step: int = 0
    """Index of the current step, from 0."""
    weight: int = 0
    """Share of the requests that it receives, in percent."""
    step_since: datetime | None = None
    """When the step began."""
    requests: int = 0
    """Number of requests on this step, rounded down to two significant digits: 1279 is shown as 1200."""
    verdict: Annotated[str, Field(max_length=32)] = "Inconclusive"
    """Result of the analysis of this step so far: Pass, Fail or Inconclusive."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The numbers behind the verdict."""
    baseline: Baseline | None = None
    """What the stable model showed before this step. A step of weight 100 compares with it, because the stable model receives no requests then."""


class Rejected(Observed):
    """A model that was rolled back. It is not tried again until the annotation plumbline.dev/retry changes."""

    identity: Annotated[str, Field(max_length=16)]
    """Hash of model, server image and server settings."""
    run: Annotated[str, Field(max_length=63)] = ""
    """TrainingRun that made the model."""
    image: Annotated[str, Field(max_length=512)] = ""
    """Server image."""
    retry: Annotated[str, Field(max_length=253)] = ""
    """Value of the annotation plumbline.dev/retry at the time of the rollback. With another value the model is tried again."""
    reason: Annotated[str, Field(max_length=63)] = ""
    """Cause of the rollback, in one word."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """Cause of the rollback, with numbers."""
    time: datetime | None = None
    """When the model was rolled back."""


class ModelDeploymentStatus(Status):
    """State of the deployment as the operator last observed it."""

    stable: Served | None = None
    """The model that serves."""
    canary: Canary | None = None
    """The new model during its rollout."""
    retiring: Annotated[list[Served], Field(max_length=4)] = []
    """Previous models that finish their last requests."""
    rejected: Annotated[list[Rejected], Field(max_length=10)] = []
    """Models that were rolled back, newest first."""
    replicas: int = 0
    """Number of stable pods."""
    ready_replicas: int = 0
    """Number of stable pods that are ready."""
    selector: Annotated[str, Field(max_length=512)] = ""
    """Label selector of the serving pods, for the scale subresource."""
    url: Annotated[str, Field(max_length=512)] = ""
    """URL of the model inside the cluster."""


class ModelDeployment(Observed):
    """ModelDeployment serves the newest accepted model. It replaces a model step by step while it measures errors and latency, and rolls back by itself when they are too high. A request with the header x-plumbline-uncounted, with any value, is answered by the stable model and counts for no drift test and no rollout: send it with the requests of uptime probes, load tests and replays."""

    metadata: ObjectMeta
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()
