"""Re-exports while importers move to the kinds' own files."""

from plumbline.api.v1alpha1.dataset import DatasetReason as DatasetReason
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorReason as DriftMonitorReason
from plumbline.api.v1alpha1.drift_monitor import Outcome as Outcome
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentReason as ModelDeploymentReason
from plumbline.api.v1alpha1.training_run import TrainingRunReason as TrainingRunReason
from plumbline.api.v1alpha1.training_template import (
    TrainingTemplateReason as TrainingTemplateReason,
)
