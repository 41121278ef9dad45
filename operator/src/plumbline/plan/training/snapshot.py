"""The inputs of the plans of a TrainingTemplate and a TrainingRun."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import (
    Dataset,
    ModelDeployment,
    TrainingRun,
    TrainingTemplate,
)
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.training.siblings import Sibling


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTemplateSnapshot:
    """A TrainingTemplate and the Dataset that it names, if that exists."""

    template: TrainingTemplate
    dataset: Dataset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRunSnapshot:
    """A TrainingRun and everything that its plan depends on.

    Attributes:
        frozen: the ConfigMap `<run>-spec` with the frozen spec, once it exists.
        champion: the deployment that the champion gate names, if it exists.
        siblings: other runs, while the model waits to be evaluated.
    """

    run: TrainingRun
    template: TrainingTemplate | None = None
    dataset: Dataset | None = None
    champion: ModelDeployment | None = None
    frozen: Manifest | None = None
    siblings: tuple[Sibling, ...] = ()
    jobs: tuple[Manifest, ...] = ()
    outcomes: Mapping[str, JobOutcome] = field(default_factory=dict)
    settings: Settings
    now: datetime
