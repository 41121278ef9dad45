"""The input of the plan of a DriftMonitor."""

from dataclasses import dataclass
from datetime import datetime

from plumbline.api.v1alpha1 import (
    Dataset,
    DriftMonitor,
    ModelDeployment,
    TrainingRun,
    TrainingTemplate,
)
from plumbline.live.observations import Assessment, PodProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMonitorSnapshot:
    """A DriftMonitor, the deployment that it watches, and everything that a retraining needs.

    Attributes:
        dataset: the Dataset of the template.
        runs: runs that carry this monitor's label.
        run_names: names of all runs in the namespace.
        assessment: None while no rows have been counted.
        unreadable: pods of the deployment whose counts cannot be read.
        why_unwatched: why rows that were counted cannot be evaluated; empty when they can.
    """

    monitor: DriftMonitor
    deployment: ModelDeployment | None = None
    template: TrainingTemplate | None = None
    dataset: Dataset | None = None
    runs: tuple[TrainingRun, ...] = ()
    run_names: frozenset[str] = frozenset()
    assessment: Assessment | None = None
    unreadable: tuple[PodProblem, ...] = ()
    why_unwatched: str = ""
    now: datetime
