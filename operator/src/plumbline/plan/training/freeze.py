"""The start of a run: everything it depends on is merged, pinned and frozen in a ConfigMap, once.

From then on only the frozen spec counts, even when template or Dataset change.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from plumbline.api import canonical, decision, names
from plumbline.api.decision import Decision
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import Dataset, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.training_run import TRAINING_RUN, Gates, RunDataset, TrainingFields
from plumbline.api.v1alpha1.training_run import TrainingRunReason as Reason
from plumbline.contract import layout
from plumbline.contract.tasks import FrozenSpec, Owner, PodSettings, TrainingTask
from plumbline.plan.specs import config_map, metadata
from plumbline.plan.specs.train_job import spec_name_of
from plumbline.plan.training import preconditions
from plumbline.plan.training.snapshot import TrainingRunSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The frozen spec and its digest."""

    spec: FrozenSpec
    digest: str


def load_frozen(snapshot: TrainingRunSnapshot) -> Frozen | Decision | None:
    """Return the frozen spec; None before it exists; a decision when it cannot be used."""
    run, found = snapshot.run, snapshot.frozen
    if found is None:
        return None
    name = spec_name_of(run.metadata.name)
    if not metadata.is_owned(found, run.metadata):
        return _name_conflict(name, found, run)
    frozen = frozen_spec(found)
    if frozen is None or run.status.spec_digest not in (None, frozen.digest):
        return _spec_changed(name)
    return frozen


def freeze(snapshot: TrainingRunSnapshot) -> Manifest | Decision:
    """Return the ConfigMap with the frozen spec, or why the run cannot start."""
    run, fields = snapshot.run, merged(snapshot.run, snapshot.template)
    if refusal := preconditions.blocked(snapshot) or preconditions.unfit(snapshot, fields):
        return refusal
    if snapshot.dataset is None:
        raise ValueError(f"run {run.metadata.name} passed its checks without a Dataset")
    # A run whose ConfigMap was deleted keeps its revision, although a newer one may exist.
    pin = run.status.dataset or preconditions.pinned(snapshot.dataset, fields)
    if pin is None:
        raise ValueError(f"run {run.metadata.name} passed its checks without a revision")
    text = task_text(run, fields, snapshot.dataset, pin)
    # A deleted ConfigMap is created again only with the same spec: Jobs may have used it already.
    if run.status.spec_digest not in (None, canonical.digest(text)):
        return _spec_changed(spec_name_of(run.metadata.name))
    return _config_map(run, text)


def start_decision(made: Manifest) -> Decision:
    """Return the decision that a run starts with this spec."""
    name, text = made["metadata"]["name"], made["data"][layout.TASK_FILE]
    found = decision.working(
        "training.freeze", "SpecFrozen", f"The spec is frozen in ConfigMap {name}."
    )
    return replace(found, condition_type="", acts=True, evidence={"digest": canonical.digest(text)})


def _config_map(run: TrainingRun, text: str) -> Manifest:
    owned = metadata.child(
        spec_name_of(run.metadata.name),
        resource=TRAINING_RUN,
        owner=run.metadata,
        labels=metadata.labels("spec", **{names.RUN_LABEL: run.metadata.name}),
    )
    return config_map.frozen(owned, {layout.TASK_FILE: text})


def frozen_spec(config_map: Manifest) -> Frozen | None:
    """Return the frozen spec of a ConfigMap; None when it has no readable one."""
    return _parsed(config_map.get("data", {}).get(layout.TASK_FILE, ""))


# The text never changes, and a run is planned many times.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> Frozen | None:
    try:
        spec = FrozenSpec.model_validate_json(text)
    except ValidationError:
        return None
    return Frozen(spec=spec, digest=canonical.digest(text))


def _name_conflict(name: str, found: Manifest, run: TrainingRun) -> Decision:
    """Return the decision about a run whose ConfigMap's name is used by another object."""
    # The garbage collector deletes the ConfigMap of an earlier run soon after that run.
    owners = found["metadata"].get("ownerReferences", ())
    if any(
        (each.get("kind"), each["name"]) == ("TrainingRun", run.metadata.name) for each in owners
    ):
        text = (
            f"ConfigMap {name} belongs to an earlier run of this name. Waiting until it is deleted."
        )
        return decision.working("training.earlier_run", Reason.NAME_CONFLICT, text)
    text = (
        f"ConfigMap {name} does not belong to this run. Delete it, or create the run under another "
        f"name."
    )
    return decision.stalled("training.name_taken", Reason.NAME_CONFLICT, text)


def _spec_changed(name: str) -> Decision:
    text = (
        f"ConfigMap {name} no longer has the spec with which this run was started. The training "
        f"cannot be reproduced. Create a new run."
    )
    return decision.stalled("training.spec_lost", Reason.FROZEN_SPEC_CHANGED, text, config_map=name)


def merged(run: TrainingRun, template: TrainingTemplate | None) -> TrainingFields:
    """Return each field from the run, or from its template where the run does not set it."""
    found: dict[str, Any] = {}
    for name in TrainingFields.model_fields:
        of_run = getattr(run.spec, name)
        of_template = getattr(template.spec, name) if template else None
        # An empty list is the default of the API: the run does not set the field.
        found[name] = of_template if of_run is None or of_run == [] else of_run
    return TrainingFields.model_construct(**{k: v for k, v in found.items() if v is not None})


def task_text(run: TrainingRun, fields: TrainingFields, dataset: Dataset, pin: RunDataset) -> str:
    """Return the text of the task file that train and judge Jobs read."""
    if dataset.spec.question is None or fields.trainer is None:
        raise ValueError(f"run {run.metadata.name} passed its checks without question or trainer")
    about = run.metadata
    task = TrainingTask(
        run=Owner(name=about.name, namespace=about.namespace, uid=about.uid),
        template=run.spec.template_ref.name if run.spec.template_ref else None,
        dataset=pin,
        question=dataset.spec.question,
        features=tuple(fields.features),
        trainer=fields.trainer,
        seed=fields.seed or 0,
        gates=fields.gates or Gates(),
        pod=_pod_settings(fields),
    )
    return canonical.text(task.wire)


def champion_deployment_name(
    run: TrainingRun, template: TrainingTemplate | None, frozen: Manifest | None
) -> str | None:
    """Return the name of the ModelDeployment whose model this run is compared with, or None."""
    read = frozen_spec(frozen) if frozen else None
    gates = read.spec.gates if read else merged(run, template).gates
    return gates.champion.deployment_ref.name if gates and gates.champion else None


def _pod_settings(fields: TrainingFields) -> PodSettings:
    names = set(PodSettings.model_fields) & set(TrainingFields.model_fields)
    given = {name: getattr(fields, name) for name in sorted(names)}
    return PodSettings.model_construct(**{k: v for k, v in given.items() if v is not None})
