"""What a TrainingTemplate needs to say: whether what it asks of a training fits its Dataset.

It makes nothing. A revision that is missing or bad is the Dataset's to tell, and its runs wait for
it; so the status changes only with a spec.
"""

from plumbline.api.plan import Plan
from plumbline.plan.common import conditions
from plumbline.plan.training import preconditions
from plumbline.plan.training.snapshot import TrainingTemplateSnapshot


def plan(snapshot: TrainingTemplateSnapshot) -> Plan:
    """Return what a TrainingTemplate should say of itself."""
    template = snapshot.template
    if template.metadata.deletion_timestamp:
        return Plan()
    fits = preconditions.of_template(template.spec, snapshot.dataset)
    generation = template.metadata.generation
    status = conditions.full_status(
        template.status, generation=generation, conditions=conditions.of(fits)
    )
    return Plan(status=status, decisions=(fits,))
