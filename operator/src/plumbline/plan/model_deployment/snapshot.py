"""The input of the plan of a ModelDeployment."""

from dataclasses import dataclass, field
from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import (
    ModelDeployment,
    TrainingRun,
)
from plumbline.live.observations import Traffic
from plumbline.plan.common.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeploymentSnapshot:
    """A ModelDeployment, the runs it may serve, its children and its traffic.

    Attributes:
        runs: the run that `runRef` names, or all that the selector matches.
        deployments, services, pods: its live children.
    """

    deployment: ModelDeployment
    runs: tuple[TrainingRun, ...] = ()
    deployments: tuple[Manifest, ...] = ()
    services: tuple[Manifest, ...] = ()
    pods: tuple[Manifest, ...] = ()
    traffic: Traffic = field(default_factory=Traffic)
    settings: Settings
    now: datetime
