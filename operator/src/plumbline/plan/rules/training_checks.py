"""What must hold before a run can start, in the order in which a person would mend it."""

from collections.abc import Iterator

from plumbline.api import names
from plumbline.api.effects import Manifest
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.training_run import RunDataset, TrainingFields
from plumbline.plan.conditions import RECONCILING, held, stalled, working
from plumbline.plan.model import TrainingRunSnapshot
from plumbline.plan.reasons import DatasetReason
from plumbline.plan.reasons import TrainingRunReason as Reason
from plumbline.plan.rules import access
from plumbline.plan.rules.status import condition_of

Conditions = list[Manifest]


def blocked(snapshot: TrainingRunSnapshot) -> Conditions | None:
    """Return the conditions of a run that may make no Job now, or None."""
    about = snapshot.run.metadata
    if snapshot.run.spec.suspend:
        return held(Reason.SUSPENDED, "spec.suspend is true: no further Job is made.")
    if missing := access.store_missing(about.namespace, snapshot.settings):
        return stalled(Reason.STORE_CREDENTIALS_MISSING, missing)
    return None


def unfit(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Conditions | None:
    """Return the conditions of a run that cannot start yet or at all; None when it can."""
    found = [*_of_spec(snapshot, fields), *_of_dataset(snapshot, fields)][:1]
    return found[0] if found else None


def pinned(dataset: Dataset, fields: TrainingFields) -> RunDataset | None:
    """Return the revision that the run asks for, or the newest."""
    reference = fields.dataset_ref
    wanted = reference.revision if reference else None
    for each in dataset.status.history:
        if each.revision == (wanted or dataset.status.revision):
            return RunDataset(
                name=dataset.metadata.name,
                revision=each.revision,
                digest=each.digest,
                manifest=each.manifest,
            )
    return None


def _of_spec(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Iterator[Conditions]:
    reference = snapshot.run.spec.template_ref
    if reference and snapshot.template is None:
        text = (
            f"TrainingTemplate {reference.name} does not exist yet: create it or mend templateRef."
        )
        yield working(Reason.TEMPLATE_NOT_FOUND, text)
    for name in ("dataset_ref", "trainer"):
        if getattr(fields, name, None) is None:
            field = {"dataset_ref": "datasetRef"}.get(name, name)
            yield stalled(Reason.SPEC_INCOMPLETE, f"Neither run nor template has {field}.")
    if fields.pod_template and _names_store_secret(fields.pod_template.env):
        text = (
            f"podTemplate.env reads Secret {names.STORE_SECRET}: a training container gets no "
            f"credentials of the store; its data is in $PLUMBLINE_DATA. Leave the variable out."
        )
        yield stalled(Reason.STORE_SECRET_NAMED, text)


def _of_dataset(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Iterator[Conditions]:
    dataset, name = snapshot.dataset, fields.dataset_ref.name if fields.dataset_ref else ""
    if dataset is None:
        text = f"Dataset {name} does not exist yet: create it or mend datasetRef."
        yield working(Reason.DATASET_NOT_FOUND, text)
        return
    if waiting := _unready(dataset):
        yield working(Reason.DATASET_NOT_READY, waiting)
    elif pinned(dataset, fields) is None:
        yield stalled(Reason.REVISION_UNKNOWN, _revisions(dataset, fields))
    else:
        yield from _of_question(dataset, fields)


def _unready(dataset: Dataset) -> str | None:
    """Return why the Dataset's revision cannot be taken now, or None."""
    status, name = dataset.status, dataset.metadata.name
    if status.observed_generation < dataset.metadata.generation:
        return f"Dataset {name} has just been changed: waiting for its next look."
    reading = condition_of(status, RECONCILING)
    if status.revision is None:
        why = condition_of(status, "Ready")
        said = f" ({why.reason}: {why.message})" if why else ""
        return f"Dataset {name} has no usable revision{said}. The run starts as soon as it has one."
    if reading and reading.status == "True" and reading.reason == DatasetReason.PROFILING:
        return f"Dataset {name} is being read: the run takes the revision that comes of it."
    return None


def _revisions(dataset: Dataset, fields: TrainingFields) -> str:
    wanted = fields.dataset_ref.revision if fields.dataset_ref else None
    known = ", ".join(str(each.revision) for each in dataset.status.history)
    return (
        f"Dataset {dataset.metadata.name} has no revision {wanted}; it knows {known}. "
        f"Make a new run with one of them."
    )


def _of_question(dataset: Dataset, fields: TrainingFields) -> Iterator[Conditions]:
    question, name = dataset.spec.question, dataset.metadata.name
    columns = [column.name for column in dataset.spec.schema_.columns]
    if question is None:
        text = f"Dataset {name} asks no question: set spec.question with task and target."
        yield stalled(Reason.QUESTION_MISSING, text)
        return
    if question.target not in columns:
        text = f"Target {question.target} is not a column of Dataset {name}: {_listed(columns)}."
        yield stalled(Reason.TARGET_MISSING, text)
    if question.target in fields.features:
        text = f"Feature {question.target} is the target of Dataset {name}: leave it out."
        yield stalled(Reason.FEATURE_IS_TARGET, text)
    unknown = [each for each in fields.features if each not in columns]
    if unknown and _takes_newest(dataset, fields):
        text = f"Not in Dataset {name}: {_listed(unknown)}. Its columns are {_listed(columns)}."
        yield stalled(Reason.FEATURE_UNKNOWN, text)


def _takes_newest(dataset: Dataset, fields: TrainingFields) -> bool:
    """Tell whether the schema of the spec is the schema of the revision; old ones had their own."""
    wanted = fields.dataset_ref.revision if fields.dataset_ref else None
    return wanted in (None, dataset.status.revision)


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:12])
    return f"{shown} and {len(words) - 12} more" if len(words) > 12 else shown


def _names_store_secret(env: list[Manifest]) -> bool:
    sources = [each.get("valueFrom") or {} for each in env]
    return any(
        (source.get("secretKeyRef") or {}).get("name") == names.STORE_SECRET for source in sources
    )
