"""DriftMonitor: watches the live data of a model for drift and can start a retraining."""

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
    ShortText,
    Status,
    validations,
)
from plumbline.api.objects import Resource

DRIFT_MONITOR = Resource(GROUP, VERSION, "DriftMonitor", "driftmonitors")


class DriftMonitorReason(StrEnum):
    """Reasons of a DriftMonitor's conditions and events."""

    SUSPENDED = "Suspended"
    """spec.suspend is true: nothing is watched and nothing is trained. Set it to false to continue."""
    WAITING_FOR_DEPLOYMENT = "WaitingForDeployment"
    """The ModelDeployment does not exist or serves no model yet."""
    WAITING_FOR_TEMPLATE = "WaitingForTemplate"
    """response.templateRef names a TrainingTemplate that does not exist. Create it, or fix the name."""
    WAITING_FOR_TRAFFIC = "WaitingForTraffic"
    """The model has received no rows yet."""
    WATCHING = "Watching"
    """All columns of spec.columns are watched."""
    COLUMN_UNKNOWN = "ColumnUnknown"
    """spec.columns has a name that the model does not use. Fix the name, or leave spec.columns out to watch all columns."""
    COUNTS_UNREADABLE = "CountsUnreadable"
    """The operator cannot read the counts of some serving pods, so their rows are not watched. The message names the pods and what to do."""
    EVALUATION_FAILED = "EvaluationFailed"
    """The operator cannot compare live rows with the training data, so they are not watched. The message says why; the operator tries again by itself."""
    DRIFT_DETECTED = "DriftDetected"
    """Live data differs from the training data; the message names the columns with their PSI."""
    NO_DRIFT = "NoDrift"
    """Live data does not differ from the training data."""
    LEARNING = "Learning"
    """Too few live rows have come to know how much they vary, so drift could not be found yet. It takes about a minute at 50 rows per second, and half a day at 1,000 rows a day."""
    DATA_BROKEN = "DataBroken"
    """Live rows break rules of the schema, or values are suddenly missing or constant. Fix the system that sends the rows; no model is trained on them."""
    DATA_OK = "DataOK"
    """Live rows match the schema."""
    SUSPECT_DATA = "SuspectData"
    """Live values changed as a fault changes them: one value or a new category takes the place of others, or all values have another scale. Fix the system that sends them, or confirm the change with the annotation plumbline.dev/confirm."""
    NOTHING_SUSPECT = "NothingSuspect"
    """No change of live values looks like a fault."""
    NOT_EVALUATED = "NotEvaluated"
    """No live rows have been evaluated yet."""
    RETRAINING = "Retraining"
    """Event: a TrainingRun was created in response to drift."""
    EPISODE_CLOSED = "EpisodeClosed"
    """Event: the drift is over, or another model serves; the message says which, and the outcome."""


class Outcome(StrEnum):
    """Outcomes of the response to an episode of drift, in status.episode.outcome."""

    OBSERVED = "Observed"
    """response.mode is Observe: the drift is only reported."""
    REFRESH_REQUESTED = "RefreshRequested"
    """The Dataset has been asked to read its source again; its result is not known yet."""
    NO_NEW_DATA = "NoNewData"
    """The Dataset read its source again but found no new rows. It will be asked again; provide new rows to train on."""
    DATASET_INVALID = "DatasetInvalid"
    """The Dataset read its source again, but the rows fail its rules or the read failed. See the conditions of the Dataset."""
    DATA_BROKEN = "DataBroken"
    """Live data is broken: no model is trained until it is fixed."""
    WAITING_FOR_CONFIRMATION = "WaitingForConfirmation"
    """Live data is suspect: no model is trained until a person confirms the change with the annotation plumbline.dev/confirm=<episode>."""
    WAITING_FOR_TEMPLATE = "WaitingForTemplate"
    """The TrainingTemplate does not exist. Create it, or fix response.templateRef."""
    WAITING_FOR_DATASET = "WaitingForDataset"
    """The Dataset of the TrainingTemplate does not exist. Create it, or fix datasetRef of the template."""
    WAITING_FOR_RUN = "WaitingForRun"
    """Another TrainingRun of this monitor has not finished; a monitor trains one model at a time."""
    COOLING_DOWN = "CoolingDown"
    """The last retraining was less than response.cooldownSeconds ago."""
    TRAINING = "Training"
    """A TrainingRun for this episode is under way."""
    TRAINED = "Trained"
    """The TrainingRun of this episode passed its gates."""
    NOT_ACCEPTED = "NotAccepted"
    """The model of this episode did not pass its gates. See the conditions of the run."""
    TRAINING_FAILED = "TrainingFailed"
    """The TrainingRun of this episode failed. See the conditions of the run."""
    RUN_DELETED = "RunDeleted"
    """The TrainingRun of this episode was deleted. An episode starts only one run."""
    CLEARED = "Cleared"
    """The drift ended before a TrainingRun was needed."""


class Sensitivity(Model):
    """How large a change must be to raise an alarm."""

    false_alarms_per_month: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Acceptable number of false alarms per month, over all columns together."""
    tolerate: Annotated[float, Field(ge=0, le=10)] = 0.1
    """Largest population stability index (PSI) that is acceptable; a smaller change raises no alarm."""


class Response(Model):
    """What to do when live data has drifted."""

    model_config = {
        "json_schema_extra": validations(
            (
                "self.mode != 'Retrain' || has(self.templateRef)",
                "response.mode: Retrain needs response.templateRef",
            ),
        )
    }

    mode: Literal["Retrain", "Observe"] = "Observe"
    """Retrain asks the Dataset to read its source again and starts one TrainingRun per episode of drift. Observe only reports the drift."""
    template_ref: LocalRef | None = None
    """TrainingTemplate to retrain with."""
    cooldown_seconds: Seconds = 300
    """Shortest time between two retrainings, in seconds."""
    on_suspect: Literal["Hold", "Retrain"] = "Hold"
    """What to do about drift that looks like a fault of the system that sends the rows (condition Suspect). Hold trains no model until a person confirms the change with the annotation plumbline.dev/confirm=<episode>. Retrain responds as to other drift."""


class DriftMonitorSpec(Model):
    """What to watch, and what to do about drift."""

    deployment_ref: LocalRef
    """ModelDeployment to watch."""
    columns: Annotated[list[ShortText], Field(max_length=500)] = []
    """Columns to watch; when empty, all features and the prediction. The name of the prediction is __prediction."""
    sensitivity: Sensitivity = Sensitivity()
    """How large a change must be to raise an alarm."""
    response: Response = Response()
    """What to do when live data has drifted."""
    suspend: bool = False
    """Whether to stop watching."""


class ColumnDrift(Observed):
    """How much the values of one column have changed."""

    name: Annotated[str, Field(max_length=128)]
    """Name of the column."""
    score: float
    """Population stability index (PSI) of the column, minus the PSI that chance alone gives with so many rows."""
    threshold: float
    """Limit for the score."""
    log10_p: Annotated[float, Field(alias="log10P")]
    """Logarithm (base 10) of the p-value of the drift test. With -6, chance alone gives such a change once in a million windows."""
    rows: int
    """Number of rows in the window."""
    alarm: bool = False
    """Whether the column raised an alarm: the score is above the threshold, and the change is significant at the false-alarm rate of the spec."""


class Broken(Observed):
    """A rule that live rows of one column break."""

    column: Annotated[str, Field(max_length=128)]
    """Name of the column."""
    rule: Annotated[str, Field(max_length=63)]
    """Name of the rule. Type, Null, Min, Max, Values and Pattern are rules of the schema. NullJump: far more values are missing than in any part of the training data. NullRise: more values are missing than in the training data. ValueJump: one value replaces many different ones, such as from a sensor that is stuck."""
    rows: int
    """Number of rows in the window that break the rule."""
    of: int
    """Number of rows in the window."""


class Suspected(Observed):
    """A change of one column's live values that is probably a fault."""

    column: Annotated[str, Field(max_length=128)]
    """Name of the column."""
    rule: Annotated[str, Field(max_length=63)]
    """What the change looks like. OneValue: one value takes the place of others, such as 0 or -999 for missing values. NewSpelling: new values take the place of one category. Scale: nearly all values are outside those of the training data, or in a small part of them, such as after a change of unit."""
    saw: Annotated[str, Field(max_length=253)]
    """What was seen: the values, their share now, and their share in the training data."""
    rows: int
    """Number of such rows in the window."""
    of: int
    """Number of rows in the window."""


class Mended(Observed):
    """A column whose live values were broken and have recovered."""

    column: Annotated[str, Field(max_length=128)]
    """Name of the column."""
    until: datetime
    """Last second in which the column was broken; values until then are not compared."""


class Episode(Observed):
    """A period of drift, from the first alarm until the drift is over or another model serves. It starts at most one retraining."""

    id: Annotated[str, Field(max_length=63)]
    """Name of the episode."""
    since: datetime
    """When the episode began."""
    columns: Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=10)] = []
    """The columns that drifted first."""
    rows: int = 0
    """Number of rows in the window that raised the alarm."""
    model: Annotated[str, Field(max_length=71)] = ""
    """Digest of the model that served when the episode began."""
    suspect: bool = False
    """Whether live data was suspect during the episode. Then no retraining starts before a person confirms the change, unless response.onSuspect is Retrain."""
    run: Annotated[str, Field(max_length=63)] = ""
    """TrainingRun that was created in response."""
    outcome: Annotated[str, Field(max_length=63)] = ""
    """Outcome of the response so far, such as RefreshRequested, NoNewData, Training, Trained or Observed; the API reference lists all."""


class DriftMonitorStatus(Status):
    """State of the live data as the operator last observed it."""

    episode: Episode | None = None
    """The current episode of drift, if there is one."""
    refresh: Annotated[str, Field(max_length=128)] = ""
    """Request to the Dataset to read its source again; its result is in status.refreshes of the Dataset."""
    refresh_dataset: Annotated[str, Field(max_length=63)] = ""
    """Dataset that the request is for."""
    columns: Annotated[list[ColumnDrift], Field(max_length=10)] = []
    """The columns that have changed most, the worst first. Updated when drift or broken data begins or ends."""
    broken: Annotated[list[Broken], Field(max_length=10)] = []
    """The rules that live rows break. Updated when drift or broken data begins or ends."""
    suspects: Annotated[list[Suspected], Field(max_length=10)] = []
    """The changes that are probably faults. Updated when drift, broken data or a suspicion begins or ends."""
    mended: Annotated[list[Mended], Field(max_length=50)] = []
    """Columns that were broken until recently. Their values and all predictions are compared again only after the time in the field until, so that broken data is not reported as drift."""
    window_rows: int = 0
    """Number of rows in the largest window: the newest live rows that are compared. Updated when drift or broken data begins or ends."""
    rows_lost: int = 0
    """Live rows that are missing in the drift test: those of a pod that was killed before the operator read its counts (estimated), those whose counts came too late, and those above the rate that a pod can count."""
    last_run: Annotated[str, Field(max_length=63)] = ""
    """Newest TrainingRun that the monitor created."""
    last_run_time: datetime | None = None
    """When that run was created."""
    history: Annotated[list[Episode], Field(max_length=10)] = []
    """Past episodes, newest first."""


class DriftMonitor(Observed):
    """DriftMonitor compares the live rows of a ModelDeployment with its training data, reports drift within seconds at a chosen false-alarm rate, and can start a retraining. Rows are compared in the order in which they come. A batch client that sends its rows sorted by a column, such as region by region, makes the column look stuck or shifted for as long as each region lasts: let it shuffle its rows, or send the header x-plumbline-uncounted."""

    metadata: ObjectMeta
    spec: DriftMonitorSpec
    status: DriftMonitorStatus = DriftMonitorStatus()
