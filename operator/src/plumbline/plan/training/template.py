"""What a TrainingTemplate needs to say: whether what it asks of a training fits its Dataset.

It makes nothing. A revision that is missing or bad is the Dataset's to tell, and its runs wait for
it; so the status changes only with a spec.
"""

from collections.abc import Iterator

from plumbline.api.plan import Plan
from plumbline.api.reasons import TrainingTemplateReason as Reason
from plumbline.plan.common.conditions import ready
from plumbline.plan.common.status import whole
from plumbline.plan.training import fit as training_fit
from plumbline.plan.training.fit import Conditions
from plumbline.plan.training.snapshot import TrainingTemplateSnapshot


def plan(snapshot: TrainingTemplateSnapshot) -> Plan:
    """Return what a TrainingTemplate should say of itself."""
    template = snapshot.template
    if template.metadata.deletion_timestamp:
        return Plan()
    conditions = next(_found(snapshot))
    generation = template.metadata.generation
    return Plan(status=whole(template.status, generation=generation, conditions=conditions))


def _found(snapshot: TrainingTemplateSnapshot) -> Iterator[Conditions]:
    """Yield what is wrong in the order in which a person would mend it, then that it fits."""
    fields, dataset = snapshot.template.spec, snapshot.dataset
    yield from training_fit.of_fields(fields)
    if dataset is None:
        yield training_fit.absent(fields)
        return
    if dataset.status.revision is not None:
        yield from training_fit.of_revision(dataset, fields)
    yield from training_fit.of_question(dataset, fields)
    text = f"What it asks of a training fits Dataset {dataset.metadata.name}."
    yield ready(Reason.FITS, text)
