"""The plan of a TrainingTemplate: report whether it is valid for its Dataset.

It creates nothing and waits for nothing: the Dataset itself reports that it has no valid revision,
and runs wait for one.
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
    decided = preconditions.of_template(template.spec, snapshot.dataset)
    generation = template.metadata.generation
    status = conditions.full_status(
        template.status, generation=generation, conditions=conditions.of(decided)
    )
    return Plan(status=status, decisions=(decided,))
