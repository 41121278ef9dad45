"""One line of the log for each new decision, after its status is stored.

A decision is new when it changes the status or reason of a stored condition, or causes an effect.
Messages alone do not count, since many hold numbers that go up. A pass that writes nothing logs
nothing, also after a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plumbline.api.decision import READY_CONDITION, Decision
from plumbline.api.objects import Key, Manifest
from plumbline.log import get_logger

Status = Mapping[str, Any]
log = get_logger(__name__)


def new_decisions(
    decisions: Sequence[Decision], *, before: Status | None, after: Status | None
) -> list[Decision]:
    """Return the new decisions of a pass that wrote something.

    Args:
        decisions: all decisions of the plan.
        before: the status before the pass; None for none.
        after: the status of the plan, which is stored by now; None when the plan has none.
    """
    old, new = _reasons(before or {}), _reasons(after or {})
    changed = {type_ for type_, reason in new.items() if old.get(type_) != reason}
    return [each for each in decisions if each.acts or _conditions_of(each) & changed]


def log_decisions(key: Key, obj: Manifest, decisions: Iterable[Decision]) -> None:
    """Log decisions about an object with all their fields."""
    for each in decisions:
        log.info(
            "decision",
            kind=key.resource.kind,
            namespace=key.namespace,
            name=key.name,
            generation=obj["metadata"].get("generation"),
            rule=each.rule,
            state=each.state,
            reason=str(each.reason),
            message=each.message,
            evidence=dict(each.evidence),
        )


def _conditions_of(decision: Decision) -> set[str]:
    """Return the types of the conditions that show a decision."""
    if decision.condition_type != READY_CONDITION:
        return {decision.condition_type}
    marks = {"Working": {"Reconciling"}, "Stalled": {"Stalled"}}
    return {READY_CONDITION} | marks.get(decision.state, set())


def _reasons(status: Status) -> dict[str, tuple[str, str]]:
    found = status.get("conditions") or ()
    return {each["type"]: (each["status"], each["reason"]) for each in found}
