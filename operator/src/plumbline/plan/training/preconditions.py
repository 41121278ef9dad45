"""What must hold before a run can start, in the order in which a person would mend it."""

from collections.abc import Iterator

from plumbline.api.reasons import DatasetReason
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.training_run import TrainingFields
from plumbline.plan.common import access
from plumbline.plan.common.conditions import RECONCILING, held, stalled, working
from plumbline.plan.common.status import condition_of
from plumbline.plan.training import fit as training_fit
from plumbline.plan.training.fit import Conditions
from plumbline.plan.training.snapshot import TrainingRunSnapshot


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


def _of_spec(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Iterator[Conditions]:
    reference = snapshot.run.spec.template_ref
    if reference and snapshot.template is None:
        text = (
            f"TrainingTemplate {reference.name} does not exist yet: create it or mend templateRef."
        )
        yield working(Reason.TEMPLATE_NOT_FOUND, text)
    yield from training_fit.of_fields(fields)


def _of_dataset(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Iterator[Conditions]:
    dataset = snapshot.dataset
    if dataset is None:
        yield training_fit.absent(fields)
    elif waiting := _unready(dataset, fields):
        yield working(Reason.DATASET_NOT_READY, waiting)
    else:
        yield from training_fit.of_revision(dataset, fields)
        yield from training_fit.of_question(dataset, fields)


def _unready(dataset: Dataset, fields: TrainingFields) -> str | None:
    """Return why the Dataset's revision cannot be taken now, or None."""
    status, name = dataset.status, dataset.metadata.name
    if status.observed_generation < dataset.metadata.generation:
        return f"Dataset {name} has just been changed: waiting for its next look."
    reading = condition_of(status, RECONCILING)
    if status.revision is None:
        why = condition_of(status, "Ready")
        said = f" ({why.reason}: {why.message})" if why else ""
        return f"Dataset {name} has no usable revision{said}. The run starts as soon as it has one."
    if reading is None or reading.status != "True" or _has_named(dataset, fields):
        return None
    kept = "" if reading.reason == DatasetReason.PROFILING else f" ({reading.message.rstrip('. ')})"
    return f"Dataset {name} is being read{kept}: the run takes the revision that comes of it."


def _has_named(dataset: Dataset, fields: TrainingFields) -> bool:
    """Tell whether the run names its revision, and the Dataset has it."""
    named = fields.dataset_ref is not None and fields.dataset_ref.revision is not None
    return named and training_fit.pinned(dataset, fields) is not None
