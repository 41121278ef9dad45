"""ModelDeployment: the best model its own rules allow, changed only by a measured rollout."""

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
    key_of_fields,
    validations,
)
from plumbline.api.objects import Resource
from plumbline.api.quantities import Resources

MODEL_DEPLOYMENT = Resource(GROUP, VERSION, "ModelDeployment", "modeldeployments")


class ModelDeploymentReason(StrEnum):
    """Why a ModelDeployment is as it is."""

    SUSPENDED = "Suspended"
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    WAITING_FOR_RUN = "WaitingForRun"
    NOT_ACCEPTED = "NotAccepted"
    STARTING = "Starting"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    SERVING = "Serving"
    SCALED_TO_ZERO = "ScaledToZero"
    UNAVAILABLE = "Unavailable"
    CANARY_RUNNING = "CanaryRunning"
    DRAINING = "Draining"
    IDLE = "Idle"
    ROLLED_BACK = "RolledBack"
    ROLLOUT_STARTED = "RolloutStarted"
    ROLLOUT_CANCELLED = "RolloutCancelled"
    STEP_STARTED = "StepStarted"
    PROMOTED = "Promoted"
    ERROR_RATE_TOO_HIGH = "ErrorRateTooHigh"
    LATENCY_TOO_HIGH = "LatencyTooHigh"


class RunSelector(Model):
    """Selects TrainingRuns by label; the newest judged one is the candidate."""

    match_labels: Annotated[Labels, Field(min_length=1)]
    """Labels that the run must carry."""


class ModelChoice(Model):
    """Which model to serve: exactly one of runRef and selector."""

    model_config = {
        "json_schema_extra": validations(
            (key_of_fields("runRef", "selector"), "exactly one of runRef and selector must be set"),
        )
    }

    run_ref: LocalRef | None = None
    """One TrainingRun by name."""
    selector: RunSelector | None = None
    """The newest of the runs that match: highest data revision, then latest completion."""


class Accept(Model):
    """What a model must have shown to serve here, whatever its own gates say."""

    gates: Annotated[list[Gate], Field(max_length=16)] = []
    """Bars on the metrics of the run's held-out rows."""


class Server(Model):
    """The serving container."""

    image: Image | None = None
    """Image to serve with; the operator's own serving image when left out. A new one is rolled out like a new model."""
    resources: Resources = Resources(cpu="200m", memory="512Mi", ephemeral_storage="1Gi")
    """Compute resources of the server."""


class RolloutStep(Model):
    """One step of a rollout."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Share of the requests that the new model answers, in percent."""
    pause_seconds: Seconds = 0
    """Shortest time to stay on this step, in seconds."""


class Analysis(Model):
    """What the new model must show on every step."""

    min_requests: Annotated[int, Field(ge=1)] = 100
    """Requests that the new model must have answered on the step before it is judged."""
    max_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest share of failed requests."""
    max_latency_ratio: Annotated[float, Field(gt=0)] = 2.0
    """Largest ratio of the new model's 95th percentile of latency to the stable one's."""


class Rollout(Model):
    """How a new model takes over."""

    steps: Annotated[list[RolloutStep], Field(max_length=20)] = [
        RolloutStep(weight=10),
        RolloutStep(weight=50),
    ]
    """Steps in order; after the last one the new model takes all traffic."""
    analysis: Analysis = Analysis()
    """What the new model must show on every step."""
    progress_deadline_seconds: Annotated[Seconds, Field(ge=10)] = 600
    """Longest time for the new pods to become ready, in seconds."""


class ModelDeploymentSpec(Model):
    """What to serve and how."""

    model: ModelChoice
    """Which model to serve."""
    accept: Accept = Accept()
    """What a model must have shown to serve here."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """Number of serving pods."""
    server: Server = Server()
    """The serving container."""
    rollout: Rollout = Rollout()
    """How a new model takes over."""
    suspend: bool = False
    """Whether to hold back new rollouts; what serves goes on serving."""


class Served(Observed):
    """A model in a server: what one rollout identity stands for."""

    identity: Annotated[str, Field(max_length=16)]
    """Hash of model, server image and server settings."""
    model: Digest
    """Digest of the model."""
    manifest: Digest
    """Digest of the model's manifest."""
    run: Annotated[str, Field(max_length=63)]
    """TrainingRun that made it."""
    image: Annotated[str, Field(max_length=512)]
    """Server image."""
    revision: int = 0
    """Data revision that it was trained on."""
    since: datetime | None = None
    """When it took this role."""


class Canary(Served):
    """The model under way."""

    step: int = 0
    """Index of the current step."""
    weight: int = 0
    """Share of the requests it answers, in percent."""
    step_since: datetime | None = None
    """When the step began."""
    requests: int = 0
    """Requests it got on this step, rounded down to two digits."""
    verdict: Annotated[str, Field(max_length=32)] = "Inconclusive"
    """Verdict on this step so far."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The numbers behind the verdict."""


class Rejected(Observed):
    """An identity that was rolled back and is not tried again until asked."""

    identity: Annotated[str, Field(max_length=16)]
    """The identity."""
    run: Annotated[str, Field(max_length=63)] = ""
    """TrainingRun that made the model."""
    image: Annotated[str, Field(max_length=512)] = ""
    """Server image that it was tried with."""
    retry: Annotated[str, Field(max_length=253)] = ""
    """Value of the annotation plumbline.dev/retry at that time; with another value it is tried again."""
    reason: Annotated[str, Field(max_length=63)] = ""
    """Why, in one word."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """Why, with numbers."""
    time: datetime | None = None
    """When."""


class ModelDeploymentStatus(Status):
    """What the operator has seen of the deployment."""

    stable: Served | None = None
    """What serves."""
    canary: Canary | None = None
    """What is under way."""
    retiring: Annotated[list[Served], Field(max_length=4)] = []
    """What served before and still drains."""
    rejected: Annotated[list[Rejected], Field(max_length=10)] = []
    """What was rolled back, newest first."""
    replicas: int = 0
    """Number of stable pods."""
    ready_replicas: int = 0
    """Number of stable pods that are ready."""
    selector: Annotated[str, Field(max_length=512)] = ""
    """Label selector of the serving pods, for the scale subresource."""
    url: Annotated[str, Field(max_length=512)] = ""
    """Address of the model inside of the cluster."""


class ModelDeployment(Observed):
    """ModelDeployment serves the best model that its own rules allow, changed only by a measured rollout that undoes itself."""

    metadata: ObjectMeta
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()
