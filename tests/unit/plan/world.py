"""A small world in memory: it carries out plans as the engine does, and Jobs end when told to."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plumbline.api import resources
from plumbline.api.objects import Key, Resource
from plumbline.api.plan import Event, Plan
from plumbline.api.v1alpha1 import Dataset, ModelDeployment, TrainingRun, TrainingTemplate
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.dataset import plan as dataset
from plumbline.plan.dataset.snapshot import DatasetSnapshot
from plumbline.plan.training import run as training_run
from plumbline.plan.training import template as training_template
from plumbline.plan.training.snapshot import TrainingRunSnapshot, TrainingTemplateSnapshot

from tests.unit.plan import builders

Object = dict[str, Any]
Planner = Callable[["World", Key], Plan]
PASSES = 60


@dataclass
class World:
    """Objects by key, what Jobs have come to, and the time.

    Attributes:
        planners: how each kind is planned; others stay as they are.
        outcomes: what is known of a Job, by its uid; Active when it is not said.
        requests: refreshes that monitors ask for.
        writes: creations, status changes and deletions so far.
        pods: every pod spec that a plan has asked for.
    """

    planners: Mapping[Resource, Planner] = field(default_factory=lambda: PLANNERS)
    settings: Settings = field(default_factory=builders.settings)
    now: datetime = builders.NOW
    objects: dict[Key, Object] = field(default_factory=dict)
    outcomes: dict[str, JobOutcome] = field(default_factory=dict)
    remembered: dict[str, JobOutcome] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    requeues: dict[Key, datetime | None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    pods: list[Object] = field(default_factory=list)
    writes: int = 0
    serial: int = 0

    # What a user and the cluster do.

    def add(self, manifest: Mapping[str, Any]) -> Object:
        """Store an object as the API server does and return it."""
        obj, key = copy.deepcopy(dict(manifest)), key_of(manifest)
        self.serial += 1
        born = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        ours = {"uid": f"uid-{self.serial}", "generation": 1, "creationTimestamp": born}
        obj["metadata"] = {**obj["metadata"], **ours}
        if key.resource in resources.OURS and "status" not in obj:
            obj["status"] = {"observedGeneration": -1}
        self.objects[key] = obj
        return obj

    def get(self, kind: str, name: str) -> Object:
        """Return an object by its kind and name."""
        return self.objects[self.key(kind, name)]

    def key(self, kind: str, name: str) -> Key:
        """Return the key of a kind and name."""
        known = {r.kind: r for r in (*resources.OURS, *resources.CHILDREN)}
        return Key(known[kind], builders.NAMESPACE, name)

    def edit(self, kind: str, name: str, **spec: Any) -> None:
        """Change fields of a spec."""
        obj = self.get(kind, name)
        obj["spec"] = {**obj["spec"], **spec}
        obj["metadata"]["generation"] += 1

    def annotate(self, kind: str, name: str, key: str, value: str) -> None:
        """Set an annotation."""
        metadata = self.get(kind, name)["metadata"]
        metadata["annotations"] = {**metadata.get("annotations", {}), key: value}

    def delete(self, kind: str, name: str) -> None:
        """Delete an object by hand; its dependents stay."""
        self.objects.pop(self.key(kind, name), None)

    def finish(self, job: str, outcome: JobOutcome) -> None:
        """Let a Job come to this."""
        self.outcomes[self.get("Job", job)["metadata"]["uid"]] = outcome

    def remember(self, job: str, outcome: JobOutcome) -> None:
        """Let the store tell what a Job has come to that is gone."""
        self.remembered[job] = outcome

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def restarted(self) -> "World":
        """Return the world as an operator finds it that has just started."""
        fresh = copy.deepcopy(self)
        fresh.requeues, fresh.events, fresh.writes = {}, [], 0
        fresh.objects = {key: json.loads(json.dumps(obj)) for key, obj in self.objects.items()}
        return fresh

    # What the operator does.

    def settle(self) -> int:
        """Make passes over everything until one writes nothing; return the number of writes."""
        before = self.writes
        for _ in range(PASSES):
            if not self.pass_over_all():
                return self.writes - before
        raise AssertionError(f"not quiet after {PASSES} passes: {self.conditions()}")

    def pass_over_all(self) -> int:
        """Make one pass over every object and return the number of writes."""
        before = self.writes
        for key in sorted(self.objects):
            if key.resource in self.planners and key in self.objects:
                self.carry_out(key, self.plan(key))
        return self.writes - before

    def plan(self, key: Key) -> Plan:
        """Return the plan of one object; twice the same, or it is not a plan."""
        plan, again = self.planners[key.resource](self, key), self.planners[key.resource](self, key)
        assert as_text(plan) == as_text(again), "the same snapshot gave two plans"
        return plan

    def carry_out(self, key: Key, plan: Plan) -> None:
        """Carry a plan out in the engine's order."""
        for manifest in plan.create:
            self._create(manifest)
        for manifest in plan.apply:
            self._apply(manifest)
        if plan.status is not None:
            self._set_status(key, plan.status)
        for deletion in plan.delete:
            live = self.objects.get(deletion.key)
            if live and live["metadata"]["uid"] == deletion.uid:
                del self.objects[deletion.key]
                self.writes += 1
        self.events.extend(plan.events)
        self.requeues[key] = plan.requeue_at

    def _create(self, manifest: Mapping[str, Any]) -> None:
        self._remember_pod(manifest)
        if key_of(manifest) not in self.objects:
            self.add(json.loads(json.dumps(manifest)))
            self.writes += 1

    def _apply(self, manifest: Mapping[str, Any]) -> None:
        self._remember_pod(manifest)
        key, wanted = key_of(manifest), json.loads(json.dumps(manifest))
        live = self.objects.get(key)
        if live is None:
            self.add(wanted)
        elif any(live.get(part) != wanted[part] for part in wanted if part != "metadata"):
            live.update({part: wanted[part] for part in wanted if part != "metadata"})
            live["metadata"] = {**live["metadata"], **wanted["metadata"]}
        else:
            return
        self.writes += 1

    def _remember_pod(self, manifest: Mapping[str, Any]) -> None:
        template = manifest.get("spec", {}).get("template")
        if template:
            self.pods.append(template["spec"])

    def _set_status(self, key: Key, status: Mapping[str, Any]) -> None:
        stored = json.loads(json.dumps(status))
        if self.objects[key].get("status") != stored:
            self.objects[key]["status"] = stored
            self.writes += 1

    # What a test looks at.

    def owned(self, kind: str, uid: str) -> Iterator[Object]:
        """Yield the children of a kind in the order of their names."""
        for key in sorted(self.objects):
            references = self.objects[key]["metadata"].get("ownerReferences", ())
            if key.resource.kind == kind and any(ref["uid"] == uid for ref in references):
                yield self.objects[key]

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind."""
        return [key.name for key in sorted(self.objects) if key.resource.kind == kind]

    def condition(self, kind: str, name: str, type_: str) -> Object | None:
        """Return a condition, None while it is absent."""
        found = self.get(kind, name)["status"].get("conditions", ())
        return next((each for each in found if each["type"] == type_), None)

    def conditions(self) -> dict[str, list[str]]:
        """Return all conditions in words, for messages."""
        return {
            f"{key.resource.kind}/{key.name}": [
                f"{c['type']}={c['status']} {c['reason']}: {c['message']}"
                for c in obj.get("status", {}).get("conditions", ())
            ]
            for key, obj in self.objects.items()
            if key.resource in resources.OURS
        }

    def known(self, uid: str) -> tuple[tuple[Object, ...], dict[str, JobOutcome]]:
        """Return an owner's Jobs and what is known of them."""
        jobs = tuple(self.owned("Job", uid))
        found = {
            job["metadata"]["name"]: self.outcomes.get(job["metadata"]["uid"], builders.active())
            for job in jobs
        }
        return jobs, {**self.remembered, **found}


def key_of(manifest: Mapping[str, Any]) -> Key:
    """Return the key of a manifest."""
    resource = resources.BY_KIND[manifest["apiVersion"], manifest["kind"]]
    metadata = manifest["metadata"]
    return Key(resource, metadata["namespace"], metadata["name"])


def as_text(plan: Plan) -> str:
    """Return a plan byte for byte."""
    return json.dumps(asdict(plan), default=str)


def plan_dataset(world: World, key: Key) -> Plan:
    """Plan a Dataset."""
    seen = Dataset.model_validate(world.objects[key])
    jobs, outcomes = world.known(seen.metadata.uid)
    return dataset.plan(
        DatasetSnapshot(
            dataset=seen,
            jobs=jobs,
            config_maps=tuple(world.owned("ConfigMap", seen.metadata.uid)),
            outcomes=outcomes,
            requests=world.requests,
            last_revision=0 if seen.status.revision else _last_revision(world, key.name),
            settings=world.settings,
            now=world.now,
        )
    )


def _last_revision(world: World, dataset: str) -> int:
    """Return the highest revision of a Dataset of this name that a run is pinned to."""
    runs = [o for k, o in world.objects.items() if k.resource == resources.TRAINING_RUN]
    pins = [run["status"].get("dataset") or {} for run in runs]
    return max((pin["revision"] for pin in pins if pin.get("name") == dataset), default=0)


def plan_training_template(world: World, key: Key) -> Plan:
    """Plan a TrainingTemplate."""
    seen = TrainingTemplate.model_validate(world.objects[key])
    data = _found(world, Dataset, seen.spec.dataset_ref)
    return training_template.plan(TrainingTemplateSnapshot(template=seen, dataset=data))


def plan_training_run(world: World, key: Key) -> Plan:
    """Plan a TrainingRun."""
    run = TrainingRun.model_validate(world.objects[key])
    jobs, outcomes = world.known(run.metadata.uid)
    frozen = world.objects.get(world.key("ConfigMap", f"{key.name}-spec"))
    template = _found(world, TrainingTemplate, run.spec.template_ref)
    champion = training_run.champion_name(run, template, frozen)
    reference = run.spec.dataset_ref or (template and template.spec.dataset_ref)
    return training_run.plan(
        TrainingRunSnapshot(
            run=run,
            template=template,
            dataset=_named(world, Dataset, reference.name if reference else None),
            champion=_named(world, ModelDeployment, champion),
            frozen=frozen,
            jobs=jobs,
            outcomes=outcomes,
            settings=world.settings,
            now=world.now,
        )
    )


def _found(world: World, kind: Any, reference: Any) -> Any:
    return _named(world, kind, reference.name if reference else None)


def _named(world: World, kind: Any, name: str | None) -> Any:
    obj = world.objects.get(world.key(kind.__name__, name)) if name else None
    return kind.model_validate(obj) if obj else None


PLANNERS: Mapping[Resource, Planner] = {
    resources.DATASET: plan_dataset,
    resources.TRAINING_TEMPLATE: plan_training_template,
    resources.TRAINING_RUN: plan_training_run,
}
