"""Makes a status: conditions from decisions, the same way for every kind, and checked fields.

`Reconciling` says that work is under way, `Stalled` that a person must act. Both exist only while
they are true: kstatus, and so Helm and Flux, reads InProgress and Failed from them. The times of
conditions are set when the status is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from plumbline.api import decision
from plumbline.api.decision import Decision, State
from plumbline.api.meta import Condition, Observed, Status
from plumbline.api.objects import Manifest
from plumbline.plan.common.settings import Settings

READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"
# As long as the CRD allows.
REASON_LIMIT, MESSAGE_LIMIT = 63, 4096
Truth = bool | None
_GOOD_WHEN_TRUE: Mapping[State, Truth] = {
    "Ready": True,
    "Working": False,
    "Stalled": False,
    "Held": False,
}
# Such a condition is true when something is wrong, and unknown while it waits for rows.
_BAD_WHEN_TRUE: Mapping[State, Truth] = {
    "Ready": False,
    "Working": None,
    "Stalled": True,
    "Held": None,
}
# What a state means for the status of each type of condition; None is Unknown.
TRUTH: Mapping[str, Mapping[State, Truth]] = {
    READY: _GOOD_WHEN_TRUE,
    RECONCILING: {"Working": True},
    STALLED: {"Stalled": True},
    "Valid": {**_GOOD_WHEN_TRUE, "Working": None},
    "Progressing": {"Ready": False, "Working": True, "Stalled": False, "Held": False},
    "Drifted": _BAD_WHEN_TRUE,
    "DataBroken": _BAD_WHEN_TRUE,
    "Suspect": _BAD_WHEN_TRUE,
}
_WORDS: Mapping[Truth, str] = {True: "True", False: "False", None: "Unknown"}
Part = TypeVar("Part", bound=Observed)


def of(main: Decision, *others: Decision, work: Decision | None = None) -> list[dict[str, Any]]:
    """Return the conditions that show these decisions.

    Args:
        main: the decision about the object itself.
        others: decisions about other conditions.
        work: the work that is under way for an object that is ready.
    """
    found = [_condition(READY, main)]
    if main.state == "Working":
        found.append(_condition(RECONCILING, main))
    elif main.state == "Stalled":
        found.append(_condition(STALLED, main))
    elif main.state == "Ready" and work:
        found.append(_condition(RECONCILING, work))
    return [*found, *(_condition(each.condition_type, each) for each in others)]


def _condition(type_: str, decided: Decision) -> dict[str, Any]:
    return {
        "type": type_,
        "status": _WORDS[TRUTH[type_][decided.state]],
        "reason": decided.reason[:REASON_LIMIT],
        "message": decided.message[:MESSAGE_LIMIT],
    }


def stored_decision(status: Status, type_: str, *, rule: str) -> Decision | None:
    """Return the decision that a stored condition shows; None without the condition.

    Only for conditions about data. A Ready that is False may have been Working, Stalled or Held,
    and does not say which.
    """
    stored = condition_of(status, type_)
    if stored is None:
        return None
    # Several states can mean the same status: the first of them counts, so it is written last.
    states = {_WORDS[truth]: state for state, truth in reversed(list(TRUTH[type_].items()))}
    return Decision(
        rule=rule,
        state=states.get(stored.status, "Working"),
        reason=stored.reason,
        message=stored.message,
        condition_type=type_,
    )


def stored_conditions(status: Status) -> list[Manifest]:
    """Return all conditions as they are stored."""
    return [
        {"type": each.type, "status": each.status, "reason": each.reason, "message": each.message}
        for each in status.conditions
    ]


def condition_of(status: Status, type_: str) -> Condition | None:
    """Return the stored condition of this type, or None."""
    return next((each for each in status.conditions if each.type == type_), None)


def keep_messages(found: Iterable[Manifest], status: Status, *, generation: int) -> list[Manifest]:
    """Return conditions, with their stored message where status and reason are unchanged.

    A kubelet describes the same problem in changing words, and each change would be a write.
    """
    # After a change of the spec the same reason may be about something else.
    if status.observed_generation != generation:
        return list(found)
    return [_with_message(each, condition_of(status, each["type"])) for each in found]


def _with_message(new: Manifest, old: Condition | None) -> Manifest:
    if old is None or (old.status, old.reason) != (new["status"], new["reason"]):
        return new
    return {**new, "message": old.message}


def changed(part: Part, **fields: Any) -> Part:
    """Return a part of a status with these fields changed; names and values are checked.

    Pydantic's own `model_copy` accepts any name and any value: a misspelt field would be lost
    without an error.

    Raises:
        ValueError: the part has no such field, or the field cannot hold the value.
    """
    kind = type(part)
    if unknown := fields.keys() - kind.model_fields.keys():
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    return kind.model_validate({**vars(part), **fields})


def full_status(
    status: Status, *, generation: int, conditions: Sequence[Manifest]
) -> dict[str, Any]:
    """Return the complete status as stored: camelCase, without empty fields."""
    found = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    filled = {key: value for key, value in found.items() if value not in ([], "")}
    return {**filled, "observedGeneration": generation, "conditions": list(conditions)}


def truncated(now: datetime) -> datetime:
    """Return the time as a status holds it: in whole seconds."""
    return now.replace(microsecond=0)


def without_store(namespace: str, settings: Settings, *, rule: str, reason: str) -> Decision | None:
    """Return the decision that a namespace has no credentials for the store, or None."""
    if namespace in settings.namespaces:
        return None
    wanted = ",".join(sorted(settings.namespaces | {namespace}))
    message = (
        f"Namespace {namespace} has no credentials for the store. Run helm upgrade plumbline "
        f"charts/plumbline --namespace plumbline-system --reuse-values "
        f"--set 'namespaces={{{wanted}}}' to add it."
    )
    return decision.stalled(rule, reason, message, namespace=namespace)
