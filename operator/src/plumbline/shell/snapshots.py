"""Gathers what each kind's plan looks at, out of the cache, the store and the counts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from plumbline.api import names
from plumbline.api.meta import Observed
from plumbline.api.objects import Key, Resource
from plumbline.api.resources import (
    CONFIG_MAP,
    DATASET,
    DEPLOYMENT,
    DRIFT_MONITOR,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    SERVICE,
    TRAINING_RUN,
    TRAINING_TEMPLATE,
)
from plumbline.api.v1alpha1 import (
    Dataset,
    DriftMonitor,
    ModelDeployment,
    TrainingRun,
    TrainingTemplate,
)
from plumbline.engine.cache import Cache
from plumbline.live.observations import Assessment, Traffic
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.dataset.snapshot import DatasetSnapshot
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.training.run import champion_name
from plumbline.plan.training.snapshot import TrainingRunSnapshot, TrainingTemplateSnapshot
from plumbline.shell import outcomes
from plumbline.shell.models import Models
from plumbline.shell.records import Records

Object = Mapping[str, Any]
Kind = TypeVar("Kind", bound=Observed)


class Watch(Protocol):
    """What is known of live traffic."""

    def traffic(self, key: Key) -> Traffic:
        """Return the counts of a ModelDeployment's pods."""

    def assessment(self, key: Key) -> Assessment | None:
        """Return the newest look of a DriftMonitor."""


class Snapshots:
    """One gatherer a kind; each returns None when the object itself is gone."""

    def __init__(
        self,
        *,
        cache: Cache,
        records: Records,
        watch: Watch,
        settings: Settings,
        now: Callable[[], datetime],
    ) -> None:
        """Gather from these."""
        self._cache, self._records, self._watch = cache, records, watch
        self._settings, self._now, self._models = settings, now, Models()

    async def dataset(self, key: Key) -> DatasetSnapshot | None:
        """Gather for a Dataset."""
        if (dataset := self._read(Dataset, key)) is None:
            return None
        jobs = self._children(JOB, dataset.metadata.uid)
        return DatasetSnapshot(
            dataset=dataset,
            jobs=jobs,
            config_maps=self._children(CONFIG_MAP, dataset.metadata.uid),
            outcomes=await self._outcomes(jobs),
            requests=tuple(sorted(self._requests(key))),
            last_revision=self._last_revision(key) if dataset.status.revision is None else 0,
            settings=self._settings,
            now=self._now(),
        )

    async def training_template(self, key: Key) -> TrainingTemplateSnapshot | None:
        """Gather for a TrainingTemplate."""
        if (template := self._read(TrainingTemplate, key)) is None:
            return None
        dataset = self._dataset(key.namespace, _name(template.spec.dataset_ref))
        return TrainingTemplateSnapshot(template=template, dataset=dataset)

    async def training_run(self, key: Key) -> TrainingRunSnapshot | None:
        """Gather for a TrainingRun."""
        if (run := self._read(TrainingRun, key)) is None:
            return None
        jobs = self._children(JOB, run.metadata.uid)
        template = self._template(key.namespace, _name(run.spec.template_ref))
        frozen = self._frozen(key)
        reference = run.spec.dataset_ref
        if reference is None and template is not None:
            reference = template.spec.dataset_ref
        return TrainingRunSnapshot(
            run=run,
            template=template,
            dataset=self._dataset(key.namespace, _name(reference)),
            champion=self._deployment(key.namespace, champion_name(run, template, frozen)),
            frozen=frozen,
            jobs=jobs,
            outcomes={} if run.status.completion_time else await self._outcomes(jobs),
            settings=self._settings,
            now=self._now(),
        )

    async def model_deployment(self, key: Key) -> ModelDeploymentSnapshot | None:
        """Gather for a ModelDeployment."""
        if (deployment := self._read(ModelDeployment, key)) is None:
            return None
        uid = deployment.metadata.uid
        return ModelDeploymentSnapshot(
            deployment=deployment,
            runs=tuple(self._candidates(deployment, key.namespace)),
            deployments=self._children(DEPLOYMENT, uid),
            services=self._children(SERVICE, uid),
            pods=tuple(self.serving_pods(key)),
            traffic=self._watch.traffic(key),
            settings=self._settings,
            now=self._now(),
        )

    async def drift_monitor(self, key: Key) -> DriftMonitorSnapshot | None:
        """Gather for a DriftMonitor."""
        if (monitor := self._read(DriftMonitor, key)) is None:
            return None
        reference = monitor.spec.response.template_ref
        template = self._template(key.namespace, _name(reference))
        data = template.spec.dataset_ref if template else None
        name = monitor.spec.deployment_ref.name
        traffic = self._watch.traffic(Key(MODEL_DEPLOYMENT, key.namespace, name))
        return DriftMonitorSnapshot(
            monitor=monitor,
            deployment=self._deployment(key.namespace, name),
            template=template,
            dataset=self._dataset(key.namespace, _name(data)),
            runs=tuple(self._labelled(key.namespace, names.MONITOR_LABEL, key.name)),
            taken=self._run_names(key.namespace),
            assessment=self._watch.assessment(key),
            unreadable=traffic.unreadable,
            now=self._now(),
        )

    def serving_pods(self, key: Key) -> Iterable[Object]:
        """Yield the pods that serve for a ModelDeployment."""
        for pod in self._cache.list(POD, key.namespace):
            labels = pod["metadata"].get("labels", {})
            if labels.get(names.DEPLOYMENT_LABEL) == key.name:
                yield pod

    async def _outcomes(self, jobs: Iterable[Object]) -> dict[str, JobOutcome]:
        found = {}
        for job in jobs:
            metadata = job["metadata"]
            outcome = outcomes.of_job(job, self._cache.by_owner(metadata["uid"], POD))
            found[metadata["name"]] = await self._records.complete(
                outcome, namespace=metadata["namespace"], job_uid=metadata["uid"]
            )
        return found

    def _requests(self, key: Key) -> Iterable[str]:
        for monitor in self._cache.list(DRIFT_MONITOR, key.namespace):
            status = monitor.get("status", {})
            if status.get("refreshDataset") == key.name and status.get("refresh"):
                yield status["refresh"]

    def _last_revision(self, key: Key) -> int:
        """Return the highest revision of a Dataset of this name that a run is pinned to."""
        runs = self._cache.list(TRAINING_RUN, key.namespace)
        pins = (run.get("status", {}).get("dataset") or {} for run in runs)
        return max((int(pin["revision"]) for pin in pins if pin.get("name") == key.name), default=0)

    def _candidates(self, deployment: ModelDeployment, namespace: str) -> Iterable[TrainingRun]:
        choice = deployment.spec.model
        if choice.run_ref:
            run = self._read(TrainingRun, Key(TRAINING_RUN, namespace, choice.run_ref.name))
            return [run] if run else []
        wanted = choice.selector.match_labels.items() if choice.selector else ()
        return (
            self._models.read(TrainingRun, run)
            for run in self._cache.list(TRAINING_RUN, namespace)
            if wanted <= run["metadata"].get("labels", {}).items()
        )

    def _labelled(self, namespace: str, label: str, value: str) -> Iterable[TrainingRun]:
        for run in self._cache.list(TRAINING_RUN, namespace):
            if run["metadata"].get("labels", {}).get(label) == value:
                yield self._models.read(TrainingRun, run)

    def _run_names(self, namespace: str) -> frozenset[str]:
        runs = self._cache.list(TRAINING_RUN, namespace)
        return frozenset(run["metadata"]["name"] for run in runs)

    def _frozen(self, key: Key) -> Object | None:
        return self._cache.get(Key(CONFIG_MAP, key.namespace, f"{key.name}-spec"))

    def _children(self, resource: Resource, uid: str) -> tuple[Object, ...]:
        found = self._cache.by_owner(uid, resource)
        return tuple(sorted(found, key=lambda obj: str(obj["metadata"]["name"])))

    def _dataset(self, namespace: str, name: str | None) -> Dataset | None:
        return self._read(Dataset, Key(DATASET, namespace, name)) if name else None

    def _template(self, namespace: str, name: str | None) -> TrainingTemplate | None:
        key = Key(TRAINING_TEMPLATE, namespace, name or "")
        return self._read(TrainingTemplate, key) if name else None

    def _deployment(self, namespace: str, name: str | None) -> ModelDeployment | None:
        key = Key(MODEL_DEPLOYMENT, namespace, name or "")
        return self._read(ModelDeployment, key) if name else None

    def _read(self, kind: type[Kind], key: Key) -> Kind | None:
        obj = self._cache.get(key)
        return self._models.read(kind, obj) if obj else None


class _Reference(Protocol):
    @property
    def name(self) -> str: ...


def _name(reference: _Reference | None) -> str | None:
    """Return the name that a reference holds, if there is one."""
    return reference.name if reference else None
