"""DriftMonitor: live traffic watched in seconds at a stated false-alarm rate; answers with a retraining."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from plumbline.api.meta import (
    GROUP,
    VERSION,
    LocalRef,
    Model,
    ObjectMeta,
    Observed,
    Seconds,
    Status,
    Word,
    validations,
)
from plumbline.api.objects import Resource

DRIFT_MONITOR = Resource(GROUP, VERSION, "DriftMonitor", "driftmonitors")


class DriftMonitorReason(StrEnum):
    """Why a DriftMonitor is as it is."""

    SUSPENDED = "Suspended"
    WAITING_FOR_DEPLOYMENT = "WaitingForDeployment"
    WAITING_FOR_TEMPLATE = "WaitingForTemplate"
    WAITING_FOR_TRAFFIC = "WaitingForTraffic"
    WATCHING = "Watching"
    COLUMN_UNKNOWN = "ColumnUnknown"
    COUNTS_UNREADABLE = "CountsUnreadable"
    DRIFT_DETECTED = "DriftDetected"
    NO_DRIFT = "NoDrift"
    DATA_BROKEN = "DataBroken"
    DATA_OK = "DataOK"
    NOT_EVALUATED = "NotEvaluated"
    RETRAINING = "Retraining"
    EPISODE_CLOSED = "EpisodeClosed"


class Outcome(StrEnum):
    """How the answer to an episode of drift stands."""

    OBSERVED = "Observed"
    REFRESH_REQUESTED = "RefreshRequested"
    NO_NEW_DATA = "NoNewData"
    DATASET_INVALID = "DatasetInvalid"
    DATA_BROKEN = "DataBroken"
    WAITING_FOR_TEMPLATE = "WaitingForTemplate"
    WAITING_FOR_DATASET = "WaitingForDataset"
    WAITING_FOR_RUN = "WaitingForRun"
    COOLING_DOWN = "CoolingDown"
    TRAINING = "Training"
    TRAINED = "Trained"
    NOT_ACCEPTED = "NotAccepted"
    TRAINING_FAILED = "TrainingFailed"
    RUN_DELETED = "RunDeleted"
    CLEARED = "Cleared"


class Sensitivity(Model):
    """How much change is too much."""

    false_alarms_per_month: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """False alarms a month that are acceptable, over all columns."""
    tolerate: Annotated[float, Field(ge=0, le=10)] = 0.1
    """Population stability index that is harmless; smaller changes never alarm."""


class Response(Model):
    """What to do when the data has drifted."""

    model_config = {
        "json_schema_extra": validations(
            ("self.mode != 'Retrain' || has(self.templateRef)", "mode: Retrain needs templateRef"),
        )
    }

    mode: Literal["Retrain", "Observe"] = "Observe"
    """Retrain asks the Dataset for new rows and trains once an episode; Observe only tells."""
    template_ref: LocalRef | None = None
    """TrainingTemplate to retrain with."""
    cooldown_seconds: Seconds = 300
    """Shortest time between two retrainings, in seconds."""


class DriftMonitorSpec(Model):
    """What to watch and how to answer."""

    deployment_ref: LocalRef
    """ModelDeployment to watch."""
    columns: Annotated[list[Word], Field(max_length=500)] = []
    """Columns to watch; all features and the prediction when empty."""
    sensitivity: Sensitivity = Sensitivity()
    """How much change is too much."""
    response: Response = Response()
    """What to do when the data has drifted."""
    suspend: bool = False
    """Whether to stop watching."""


class ColumnDrift(Observed):
    """How far one column has moved."""

    name: Annotated[str, Field(max_length=128)]
    """The column."""
    score: float
    """Population stability index over its noise floor."""
    threshold: float
    """Score that alarms."""
    log10_p: Annotated[float, Field(alias="log10P")]
    """Logarithm to base 10 of the probability of such a window without drift."""
    rows: int
    """Rows in the window."""
    alarm: bool = False
    """Whether the column alarmed: significant at the budget and above the threshold."""


class Broken(Observed):
    """A rule of the declared schema that live rows break, or a jump that no world explains."""

    column: Annotated[str, Field(max_length=128)]
    """The column."""
    rule: Annotated[str, Field(max_length=63)]
    """The rule: Type, Null, Min, Max, Values or Pattern of the declared schema; NullJump, when far more values are missing than in any stretch of the training data; ValueJump, when one value takes the place of many, as of a sensor that is stuck."""
    rows: int
    """Rows in the window that break it."""
    of: int
    """Rows in the window."""


class Mended(Observed):
    """A column whose live values were broken and are no longer."""

    column: Annotated[str, Field(max_length=128)]
    """Name of the column."""
    until: datetime
    """Last second at which it was taken for broken; what came before is not compared."""


class Episode(Observed):
    """One stretch of drift: it begets at most one retraining."""

    id: Annotated[str, Field(max_length=63)]
    """Name of the episode."""
    since: datetime
    """When it began."""
    columns: Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=10)] = []
    """The columns that drifted first."""
    rows: int = 0
    """Rows in the window that alarmed."""
    model: Annotated[str, Field(max_length=71)] = ""
    """Digest of the model that was watched."""
    run: Annotated[str, Field(max_length=63)] = ""
    """TrainingRun that answers it."""
    outcome: Annotated[str, Field(max_length=63)] = ""
    """How the answer stands, such as RefreshRequested, NoNewData, Training, Trained or Observed."""


class DriftMonitorStatus(Status):
    """What the monitor has seen."""

    episode: Episode | None = None
    """The episode under way."""
    refresh: Annotated[str, Field(max_length=128)] = ""
    """Request to the Dataset for a new revision; the Dataset's own status answers it."""
    refresh_dataset: Annotated[str, Field(max_length=63)] = ""
    """Dataset that the request is for."""
    columns: Annotated[list[ColumnDrift], Field(max_length=10)] = []
    """The columns that moved most, at the last change of a verdict."""
    broken: Annotated[list[Broken], Field(max_length=10)] = []
    """The rules that live rows break, at the last change of a verdict."""
    mended: Annotated[list[Mended], Field(max_length=50)] = []
    """Columns that were broken a short while ago. Their values of then, and all predictions of then, are left out of the comparison, so that broken data never passes for drift."""
    window_rows: int = 0
    """Rows in the largest window at the last change of a verdict."""
    rows_lost: int = 0
    """Rows that no look at drift has seen: a killed pod's since its last pull, estimated from its last rate, and those that came too late or too fast to be counted."""
    last_run: Annotated[str, Field(max_length=63)] = ""
    """The newest TrainingRun that the monitor made."""
    last_run_time: datetime | None = None
    """When it was made."""
    history: Annotated[list[Episode], Field(max_length=10)] = []
    """Past episodes, newest first."""


class DriftMonitor(Observed):
    """DriftMonitor watches live traffic in seconds at a stated false-alarm rate and answers drift with a retraining."""

    metadata: ObjectMeta
    spec: DriftMonitorSpec
    status: DriftMonitorStatus = DriftMonitorStatus()
