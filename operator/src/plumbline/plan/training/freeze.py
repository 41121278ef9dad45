"""The start of a run: everything it depends on is merged, pinned and frozen, once."""

from dataclasses import dataclass

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.resources import TRAINING_RUN
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.contract.tasks import FrozenSpec
from plumbline.plan.common import canonical
from plumbline.plan.common.conditions import stalled, working
from plumbline.plan.specs import config_map, metadata
from plumbline.plan.specs.steps import TASK_FILE
from plumbline.plan.specs.train_job import spec_name_of
from plumbline.plan.training.fit import Conditions, pinned
from plumbline.plan.training.preconditions import blocked, unfit
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.plan.training.task import frozen_spec, merged, task_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The frozen spec as it was found, and its digest."""

    spec: FrozenSpec
    digest: str


def thaw(snapshot: TrainingRunSnapshot) -> Frozen | Conditions | None:
    """Return the frozen spec; None when there is none yet; conditions when it cannot be trusted."""
    run, found = snapshot.run, snapshot.frozen
    if found is None:
        return None
    name = spec_name_of(run.metadata.name)
    if not metadata.is_owned(found, run.metadata):
        return _taken(name, found, run)
    read = frozen_spec(found)
    if read is None or run.status.spec_digest not in (None, read[1]):
        return stalled(Reason.SPEC_LOST, _lost(name))
    return Frozen(spec=read[0], digest=read[1])


def freeze(snapshot: TrainingRunSnapshot) -> Manifest | Conditions:
    """Return the ConfigMap with the frozen spec, or why the run cannot start."""
    run, fields = snapshot.run, merged(snapshot.run, snapshot.template)
    if conditions := blocked(snapshot) or unfit(snapshot, fields):
        return conditions
    if snapshot.dataset is None:
        raise ValueError(f"run {run.metadata.name} was found fit without a Dataset")
    pin = run.status.dataset or pinned(snapshot.dataset, fields)
    if pin is None:
        raise ValueError(f"run {run.metadata.name} was found fit without a revision")
    text = task_text(run, fields, snapshot.dataset, pin)
    if run.status.spec_digest not in (None, canonical.digest(text)):
        return stalled(Reason.SPEC_LOST, _lost(spec_name_of(run.metadata.name)))
    return _config_map(run, text)


def _config_map(run: TrainingRun, text: str) -> Manifest:
    about = metadata.child(
        spec_name_of(run.metadata.name),
        resource=TRAINING_RUN,
        owner=run.metadata,
        labels=metadata.labels("spec", **{names.RUN_LABEL: run.metadata.name}),
    )
    return config_map.frozen(about, {TASK_FILE: text})


def _taken(name: str, found: Manifest, run: TrainingRun) -> Conditions:
    """Return the conditions of a run that finds its ConfigMap's name taken."""
    owners = found["metadata"].get("ownerReferences", ())
    if any(
        (each.get("kind"), each["name"]) == ("TrainingRun", run.metadata.name) for each in owners
    ):
        text = f"ConfigMap {name} is that of an earlier run of this name: waiting until it is gone."
        return working(Reason.NAME_TAKEN, text)
    text = f"ConfigMap {name} belongs to something else: delete it, or give the run another name."
    return stalled(Reason.NAME_TAKEN, text)


def _lost(name: str) -> str:
    return (
        f"ConfigMap {name} no longer holds the spec that this run was started with, and template "
        f"or data have changed since. What was trained cannot be told any more: make a new run."
    )
