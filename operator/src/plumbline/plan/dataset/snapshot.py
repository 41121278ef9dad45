"""The input of the plan of a Dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import (
    Dataset,
)
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.dataset.looks import Evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSnapshot:
    """A Dataset, its Jobs and the refreshes that monitors request.

    Attributes:
        jobs: the live profile Jobs that the Dataset controls.
        config_maps: the live ConfigMaps that it controls.
        outcomes: the outcome of each Job, by its name.
        requests: ids of the refreshes that monitors request, sorted.
        evaluated: the runs that evaluated a model on rows of this Dataset, oldest first.
        last_revision: the highest revision of a Dataset of this name that a run is pinned to, if
            this one has none yet. A Dataset may be deleted and created again, and no revision
            number may be used twice.
    """

    dataset: Dataset
    jobs: tuple[Manifest, ...] = ()
    config_maps: tuple[Manifest, ...] = ()
    outcomes: Mapping[str, JobOutcome] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    evaluated: tuple[Evaluated, ...] = ()
    last_revision: int = 0
    settings: Settings
    now: datetime
