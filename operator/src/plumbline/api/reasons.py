"""The reasons that conditions give, one enum a kind; the failures of Jobs bring their own."""

from enum import StrEnum


class DatasetReason(StrEnum):
    """Why a Dataset is as it is."""

    SUSPENDED = "Suspended"
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    PROFILING = "Profiling"
    REVISION_IN_USE = "RevisionInUse"
    NEW_REVISION = "NewRevision"
    UNCHANGED = "Unchanged"
    NOT_FETCHED = "NotFetched"
    FETCH_STUCK = "FetchStuck"
    RULES_HELD = "RulesHeld"
    RULES_BROKEN = "RulesBroken"
    RESULT_MISSING = "ResultMissing"
    RESULT_INVALID = "ResultInvalid"


class TrainingTemplateReason(StrEnum):
    """Why a TrainingTemplate is as it is."""

    FITS = "Fits"
    STORE_SECRET_NAMED = "StoreSecretNamed"  # noqa: S105 - a reason, not a secret
    DATASET_NOT_FOUND = "DatasetNotFound"
    REVISION_UNKNOWN = "RevisionUnknown"
    QUESTION_MISSING = "QuestionMissing"
    TARGET_MISSING = "TargetMissing"
    FEATURE_UNKNOWN = "FeatureUnknown"
    FEATURE_IS_TARGET = "FeatureIsTarget"
    GATE_UNFIT = "GateUnfit"


class TrainingRunReason(StrEnum):
    """Why a TrainingRun is as it is."""

    SUSPENDED = "Suspended"
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    TEMPLATE_NOT_FOUND = "TemplateNotFound"
    SPEC_INCOMPLETE = "SpecIncomplete"
    STORE_SECRET_NAMED = "StoreSecretNamed"  # noqa: S105 - a reason, not a secret
    DATASET_NOT_FOUND = "DatasetNotFound"
    DATASET_NOT_READY = "DatasetNotReady"
    REVISION_UNKNOWN = "RevisionUnknown"
    QUESTION_MISSING = "QuestionMissing"
    TARGET_MISSING = "TargetMissing"
    FEATURE_UNKNOWN = "FeatureUnknown"
    FEATURE_IS_TARGET = "FeatureIsTarget"
    GATE_UNFIT = "GateUnfit"
    NAME_TAKEN = "NameTaken"
    SPEC_LOST = "SpecLost"
    QUEUED = "Queued"
    TRAINING = "Training"
    JUDGING = "Judging"
    COMPLETE = "Complete"
    GATE_FAILED = "GateFailed"
    GATE_INCONCLUSIVE = "GateInconclusive"
    RESULT_MISSING = "ResultMissing"
    RESULT_INVALID = "ResultInvalid"


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
    CANARY_MEASURED = "CanaryMeasured"
    RETIRING = "Retiring"
    IDLE = "Idle"
    ROLLED_BACK = "RolledBack"
    ROLLOUT_STARTED = "RolloutStarted"
    ROLLOUT_CANCELLED = "RolloutCancelled"
    STEP_STARTED = "StepStarted"
    PROMOTED = "Promoted"
    ERROR_RATE_TOO_HIGH = "ErrorRateTooHigh"
    LATENCY_TOO_HIGH = "LatencyTooHigh"


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
    DATA_WHOLE = "DataWhole"
    NOT_JUDGED = "NotJudged"
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
