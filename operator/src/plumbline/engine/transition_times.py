"""The lastTransitionTime of conditions, kept from the stored status: plans need no clock."""

from collections.abc import Mapping, Sequence
from typing import Any

Condition = Mapping[str, Any]


def merge_conditions(
    old: Sequence[Condition], new: Sequence[Condition], *, now: str, generation: int | None = None
) -> list[dict[str, Any]]:
    """Return the new conditions with the time at which each last changed its status.

    Args:
        old: the conditions as they are stored.
        new: the conditions as they should be, without lastTransitionTime.
        now: the time for conditions that change now.
        generation: the observedGeneration of conditions that have none.
    """
    before = {condition["type"]: condition for condition in old}
    observed = {} if generation is None else {"observedGeneration": generation}
    return [
        {**observed, **each, "lastTransitionTime": _time(before.get(each["type"]), each) or now}
        for each in new
    ]


def _time(before: Condition | None, after: Condition) -> str | None:
    if before is None or before["status"] != after["status"]:
        return None
    return before.get("lastTransitionTime")


def with_transition_times(
    status: Mapping[str, Any], live: Mapping[str, Any], *, now: str
) -> dict[str, Any]:
    """Return the status as it should be stored: with the times of its conditions."""
    if "conditions" not in status:
        return dict(status)
    conditions = merge_conditions(
        live.get("conditions") or (),
        status["conditions"],
        now=now,
        generation=status.get("observedGeneration"),
    )
    return {**status, "conditions": conditions}
