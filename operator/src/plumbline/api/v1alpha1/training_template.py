"""TrainingTemplate: a reusable way to train, which runs refer to."""

from enum import StrEnum

from plumbline.api.meta import GROUP, VERSION, ObjectMeta, Observed, Status, validations
from plumbline.api.objects import Resource
from plumbline.api.v1alpha1.training_run import TrainingFields

TRAINING_TEMPLATE = Resource(GROUP, VERSION, "TrainingTemplate", "trainingtemplates")


class TrainingTemplateReason(StrEnum):
    """Reasons of a TrainingTemplate's conditions."""

    SPEC_VALID = "SpecValid"
    """The template is valid for its Dataset."""
    STORE_SECRET_FORBIDDEN = "StoreSecretForbidden"  # noqa: S105 - a reason, not a secret
    """podTemplate.env reads the Secret plumbline-store; a training container must not have it. Remove the variable."""
    DATASET_NOT_FOUND = "DatasetNotFound"
    """datasetRef names a Dataset that does not exist. Create it, or fix the name."""
    REVISION_UNKNOWN = "RevisionUnknown"
    """The Dataset does not have the revision of datasetRef.revision. Use one that the message lists, or leave it out."""
    QUESTION_MISSING = "QuestionMissing"
    """The Dataset has no spec.question. Set it, with task and target."""
    TARGET_MISSING = "TargetMissing"
    """spec.question.target of the Dataset is not one of its columns. Fix the Dataset."""
    FEATURE_UNKNOWN = "FeatureUnknown"
    """features has a name that is not a column of the Dataset. Fix the name."""
    FEATURE_TWICE = "FeatureTwice"
    """features names a column more than once. Name it once."""
    FEATURE_IS_TARGET = "FeatureIsTarget"
    """features has the target. Remove it: a model must not learn from the column that it predicts."""
    METRIC_NOT_APPLICABLE = "MetricNotApplicable"
    """gates has a metric that does not apply to the task or to the number of classes. Use one that the message lists."""


class TrainingTemplateSpec(TrainingFields):
    """How to train; the same fields as in a TrainingRun."""

    model_config = {
        "json_schema_extra": validations(
            ("has(self.datasetRef)", "datasetRef is required"),
            ("has(self.trainer)", "trainer is required"),
        )
    }


class TrainingTemplateStatus(Status):
    """Whether the template is valid for its Dataset."""


class TrainingTemplate(Observed):
    """TrainingTemplate is a reusable way to train: data, trainer, features, gates and resources."""

    metadata: ObjectMeta
    spec: TrainingTemplateSpec
    status: TrainingTemplateStatus = TrainingTemplateStatus()
