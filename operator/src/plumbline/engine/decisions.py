"""The record of what was decided: one line of the log for each new decision, once it is stored.

A decision is new when it changes a stored condition or causes an effect. A pass over a settled
world writes nothing, so it records nothing either, not even after a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plumbline.api.decision import READY, Decision
from plumbline.api.objects import Key, Manifest
from plumbline.log import get_logger

Status = Mapping[str, Any]
log = get_logger(__name__)


def new_decisions(
    decisions: Sequence[Decision], *, before: Status | None, after: Status | None
) -> list[Decision]:
    """Return the new decisions of a pass that has written something.

    Args:
        decisions: all that the plan carries.
        before: the status as it was stored, None for none.
        after: the status that the plan wants and that is stored by now; None when it wants none.
    """
    old, new = _reasons(before or {}), _reasons(after or {})
    changed = {type_ for type_, told in new.items() if old.get(type_) != told}
    return [each for each in decisions if each.acts or _told_by(each) & changed]


def record(key: Key, obj: Manifest, decisions: Iterable[Decision]) -> None:
    """Record decisions about an object, each whole: what an audit record will hold too."""
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


def _told_by(decision: Decision) -> set[str]:
    """Return the types of the conditions that tell a decision."""
    if decision.about != READY:
        return {decision.about}
    marks = {"Working": {"Reconciling"}, "Stalled": {"Stalled"}}
    return {READY} | marks.get(decision.state, set())


def _reasons(status: Status) -> dict[str, tuple[str, str]]:
    found = status.get("conditions") or ()
    return {each["type"]: (each["status"], each["reason"]) for each in found}
