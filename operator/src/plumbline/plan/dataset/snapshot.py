"""What the plan of a Dataset may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import (
    Dataset,
)
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSnapshot:
    """A Dataset, its Jobs and the refreshes that monitors ask for.

    Attributes:
        jobs: the profile Jobs that the Dataset controls, as they live.
        config_maps: the ConfigMaps that it controls, as they live.
        outcomes: what is known of each Job, by its name.
        requests: ids of refreshes that monitors ask for, sorted.
        last_revision: the highest revision that runs know of a Dataset of this name, if this one
            has none yet: it may have been made again, and no number is given twice.
    """

    dataset: Dataset
    jobs: tuple[Manifest, ...] = ()
    config_maps: tuple[Manifest, ...] = ()
    outcomes: Mapping[str, JobOutcome] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    last_revision: int = 0
    settings: Settings
    now: datetime
