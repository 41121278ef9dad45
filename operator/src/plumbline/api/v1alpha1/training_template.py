"""TrainingTemplate: how a team trains; runs take what they leave out from it."""

from enum import StrEnum

from plumbline.api.meta import GROUP, VERSION, ObjectMeta, Observed, Status, validations
from plumbline.api.objects import Resource
from plumbline.api.v1alpha1.training_run import TrainingFields

TRAINING_TEMPLATE = Resource(GROUP, VERSION, "TrainingTemplate", "trainingtemplates")


class TrainingTemplateReason(StrEnum):
    """Why a TrainingTemplate is as it is."""

    SPEC_VALID = "SpecValid"
    STORE_SECRET_FORBIDDEN = "StoreSecretForbidden"  # noqa: S105 - a reason, not a secret
    DATASET_NOT_FOUND = "DatasetNotFound"
    REVISION_UNKNOWN = "RevisionUnknown"
    QUESTION_MISSING = "QuestionMissing"
    TARGET_MISSING = "TargetMissing"
    FEATURE_UNKNOWN = "FeatureUnknown"
    FEATURE_IS_TARGET = "FeatureIsTarget"
    METRIC_NOT_APPLICABLE = "MetricNotApplicable"


class TrainingTemplateSpec(TrainingFields):
    """How to train: the same fields as a TrainingRun's."""

    model_config = {
        "json_schema_extra": validations(
            ("has(self.datasetRef)", "datasetRef is needed"),
            ("has(self.trainer)", "trainer is needed"),
        )
    }


class TrainingTemplateStatus(Status):
    """Whether what the template asks of a training fits its Dataset."""


class TrainingTemplate(Observed):
    """TrainingTemplate is a reusable way to train: data, trainer, features, gates and resources."""

    metadata: ObjectMeta
    spec: TrainingTemplateSpec
    status: TrainingTemplateStatus = TrainingTemplateStatus()
