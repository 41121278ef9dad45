"""What a decision may look at: settings, what Jobs and pods have said, and one snapshot a kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from plumbline.api.effects import Manifest
from plumbline.api.v1alpha1 import (
    Dataset,
    DriftMonitor,
    ModelDeployment,
    TrainingRun,
    TrainingTemplate,
)
from plumbline.plan.live import Assessment, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator was told at its start and plans depend on.

    Attributes:
        trainer_image: image of the Jobs' own steps and of the built-in trainer.
        server_image: image of serving pods, unless a deployment names its own.
        image_pull_policy: pull policy of both.
        store_url: address of a namespace's part of the store, with `{namespace}` in it.
        store_environment: variables that every step needs to reach the store, without secrets.
        namespaces: namespaces in which the store's Secret has been put.
    """

    trainer_image: str
    server_image: str
    image_pull_policy: str = "IfNotPresent"
    store_url: str = "s3://plumbline-{namespace}"
    store_environment: Mapping[str, str] = field(default_factory=dict)
    namespaces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What is known of one Job, from its status, its pods' messages and the store.

    Attributes:
        state: Active while it may still end well.
        reason: CamelCase word when it failed or cannot start, such as OOMKilled.
        message: what was seen, where, and what to do.
        since: when that which keeps an active Job began, as far as it is known.
        manifest: digest of the manifest that the Job wrote, if it got so far.
        record: content of that manifest, read from the store and verified.
    """

    state: Literal["Active", "Succeeded", "Failed"]
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    manifest: str | None = None
    record: Manifest | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTemplateSnapshot:
    """A TrainingTemplate and the Dataset that it names, if that exists."""

    template: TrainingTemplate
    dataset: Dataset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRunSnapshot:
    """A TrainingRun and what it depends on.

    Attributes:
        frozen: the ConfigMap `<run>-spec` that holds the merged spec, once it exists.
        champion: the deployment that the champion gate names, if it exists.
    """

    run: TrainingRun
    template: TrainingTemplate | None = None
    dataset: Dataset | None = None
    champion: ModelDeployment | None = None
    frozen: Manifest | None = None
    jobs: tuple[Manifest, ...] = ()
    outcomes: Mapping[str, JobOutcome] = field(default_factory=dict)
    settings: Settings
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeploymentSnapshot:
    """A ModelDeployment, the runs it may serve, its children and its traffic.

    Attributes:
        runs: the run that `runRef` names, or all that the selector matches.
        deployments, services, pods: children as they live.
    """

    deployment: ModelDeployment
    runs: tuple[TrainingRun, ...] = ()
    deployments: tuple[Manifest, ...] = ()
    services: tuple[Manifest, ...] = ()
    pods: tuple[Manifest, ...] = ()
    traffic: Traffic = field(default_factory=Traffic)
    settings: Settings
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMonitorSnapshot:
    """A DriftMonitor, what it watches and what it may ask.

    Attributes:
        dataset: the Dataset of the template.
        runs: runs that carry this monitor's label.
        taken: names of all runs in the namespace.
        assessment: None while no row has been counted.
    """

    monitor: DriftMonitor
    deployment: ModelDeployment | None = None
    template: TrainingTemplate | None = None
    dataset: Dataset | None = None
    runs: tuple[TrainingRun, ...] = ()
    taken: frozenset[str] = frozenset()
    assessment: Assessment | None = None
    now: datetime
