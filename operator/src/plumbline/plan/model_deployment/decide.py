"""Which move comes next: the first of these rules that applies, and only one a pass.

A decision is stored in the status first and carried out from there by the next pass, so an operator
that dies after any write goes on from exactly there.
"""

from collections.abc import Callable

from plumbline.plan.model_deployment import begin, drain, measure, roll_back
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.move import Move
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

RULES: tuple[Callable[[ModelDeploymentSnapshot, Choice], Move | None], ...] = (
    drain.drain,  # what served before goes once its clients have moved on
    begin.cancel,  # the canary is no longer wanted
    begin.supersede,  # something newer should serve than what is under way
    begin.start,  # something else should serve, and nothing is under way
    roll_back.give_up,  # the canary's pods will not get ready
    roll_back.fail,  # the canary's answers are bad
    measure.take_over,  # nothing serves yet, or no step is asked for
    measure.weigh,  # the canary gets its share of the requests
    measure.advance,  # the step has passed
)


def decide(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move:
    """Return the next move; without one only the counts are brought up to date."""
    found = (rule(snapshot, choice) for rule in RULES)
    return next((move for move in found if move), Move(status=measure.counted(snapshot)))
