"""What the operator planned and decided, pass by pass."""

from typing import Any

from plumbline.api.decision import Decision
from plumbline.api.objects import Key
from plumbline.api.plan import Event, Plan
from plumbline.engine.decision_log import new_decisions

from tests.sim.loop import wording


class Diary:
    """What is known of the operator's passes.

    Attributes:
        plans: the newest plan of each object.
        snapshots: what it was made of.
        news: the decisions that were recorded, as object and rule.
        decided: the first decision of each rule.
        told: the first event of each reason.
    """

    def __init__(self) -> None:
        self.plans: dict[Key, Plan] = {}
        self.snapshots: dict[Key, Any] = {}
        self.news: list[tuple[Key, str]] = []
        self.decided: dict[str, Decision] = {}
        self.told: dict[str, Event] = {}

    def planned(self, key: Key, snapshot: Any, plan: Plan) -> None:
        """Take down a plan that anybody can read."""
        wording.check(plan)
        self.snapshots[key], self.plans[key] = snapshot, plan
        for decision in plan.decisions:
            self.decided.setdefault(decision.rule, decision)
        for event in plan.events:
            self.told.setdefault(event.reason, event)

    def wrote(self, key: Key, before: Any) -> None:
        """Take down which decisions of a pass that has written are new."""
        if plan := self.plans.get(key):
            found = new_decisions(plan.decisions, before=before, after=plan.status)
            self.news += [(key, each.rule) for each in found]
