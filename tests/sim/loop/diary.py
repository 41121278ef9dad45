"""What the operator planned and decided, pass by pass."""

from typing import Any

from plumbline.api.objects import Key
from plumbline.api.plan import Plan
from plumbline.engine.decision_log import new_decisions

from tests.sim.loop import wording


class Diary:
    """What is known of the operator's passes.

    Attributes:
        plans: the newest plan of each object.
        snapshots: what it was made of.
        news: the decisions that were recorded, as object and rule.
    """

    def __init__(self) -> None:
        self.plans: dict[Key, Plan] = {}
        self.snapshots: dict[Key, Any] = {}
        self.news: list[tuple[Key, str]] = []

    def planned(self, key: Key, snapshot: Any, plan: Plan) -> None:
        """Take down a plan that anybody can read."""
        wording.check(plan)
        self.snapshots[key], self.plans[key] = snapshot, plan

    def wrote(self, key: Key, before: Any) -> None:
        """Take down which decisions of a pass that has written are new."""
        if plan := self.plans.get(key):
            found = new_decisions(plan.decisions, before=before, after=plan.status)
            self.news += [(key, each.rule) for each in found]
