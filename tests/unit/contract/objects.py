"""One object of each kind that pods are made of."""

from plumbline.api.v1alpha1 import Dataset, ModelDeployment, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.model_deployment import Served
from plumbline.contract.tasks import TrainingTask

from tests.unit.contract.test_tasks import INPUTS, TEXTS
from tests.unit.plan import builders

SETTINGS = builders.settings()
DATASET = Dataset.model_validate(INPUTS["datasetBare"])
TEMPLATE = TrainingTemplate.model_validate(INPUTS["template"])
RUN = TrainingRun.model_validate(INPUTS["runs"]["template"])
FROZEN = TrainingTask.model_validate_json(TEXTS["template"])
DEPLOYMENT = ModelDeployment.model_validate(builders.deployment())
SERVED = Served(
    identity="abc",
    model=builders.digest("model"),
    manifest=builders.digest("manifest"),
    run="late-1",
    image="registry.example/plumbline/server:1",
)
