"""TrainingTemplate: how a team trains; runs take what they leave out from it."""

from plumbline.api.meta import ObjectMeta, Observed, Status, validations
from plumbline.api.v1alpha1.training_run import TrainingFields


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
