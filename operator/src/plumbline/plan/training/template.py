"""The plan of a TrainingTemplate: report whether it is valid for its Dataset.

It creates nothing. The Dataset itself reports a missing or bad revision, and runs wait for it; so
the status of a template changes only when a spec changes.
"""

from plumbline.api.plan import Plan
from plumbline.plan.common import conditions
from plumbline.plan.training import preconditions
from plumbline.plan.training.snapshot import TrainingTemplateSnapshot


def plan(snapshot: TrainingTemplateSnapshot) -> Plan:
    """Return the plan for a TrainingTemplate, which only writes its status."""
    template = snapshot.template
    if template.metadata.deletion_timestamp:
        return Plan()
    fits = preconditions.of_template(template.spec, snapshot.dataset)
    generation = template.metadata.generation
    status = conditions.full_status(
        template.status, generation=generation, conditions=conditions.of(fits)
    )
    return Plan(status=status, decisions=(fits,))
