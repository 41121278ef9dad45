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
    RULES_HELD = "RulesHeld"
    RULES_BROKEN = "RulesBroken"
    RESULT_MISSING = "ResultMissing"
    RESULT_INVALID = "ResultInvalid"


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
