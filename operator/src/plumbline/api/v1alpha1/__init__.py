"""The kinds of plumbline.dev/v1alpha1."""

from plumbline.api.v1alpha1.dataset import Dataset
from plumbline.api.v1alpha1.drift_monitor import DriftMonitor
from plumbline.api.v1alpha1.model_deployment import ModelDeployment
from plumbline.api.v1alpha1.training_run import TrainingRun
from plumbline.api.v1alpha1.training_template import TrainingTemplate

__all__ = [
    "Dataset",
    "DriftMonitor",
    "ModelDeployment",
    "TrainingRun",
    "TrainingTemplate",
]
