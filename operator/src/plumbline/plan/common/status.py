"""A status as the API server stores it: camelCase, times in whole seconds, nothing empty."""

from datetime import datetime
from typing import Any, TypeVar

from plumbline.api.meta import Condition, Observed, Status
from plumbline.api.objects import Manifest

Part = TypeVar("Part", bound=Observed)


def changed(part: Part, **fields: Any) -> Part:
    """Return a part of a status with these fields changed; names and values are checked.

    Pydantic's own `model_copy` takes any name and any value: a misspelt field would be written
    nowhere, and nobody would hear of it.

    Raises:
        ValueError: the part has no such field, or the field cannot hold the value.
    """
    kind = type(part)
    if unknown := fields.keys() - kind.model_fields.keys():
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    return kind.model_validate({**vars(part), **fields})


def whole(status: Status, *, generation: int, conditions: list[Manifest]) -> dict[str, Any]:
    """Return the whole status with these conditions."""
    found = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept = {key: value for key, value in found.items() if value not in ([], "")}
    return {**kept, "observedGeneration": generation, "conditions": conditions}


def moment(now: datetime) -> datetime:
    """Return the time as a status holds it."""
    return now.replace(microsecond=0)


def condition_of(status: Status, type_: str) -> Condition | None:
    """Return a condition as it was stored."""
    return next((each for each in status.conditions if each.type == type_), None)


def still(conditions: list[Manifest], status: Status, *, generation: int) -> list[Manifest]:
    """Return conditions in their earlier words where status and reason are the same.

    A kubelet tells the same trouble in turns of phrase; each turn would be a write.
    """
    if status.observed_generation != generation:
        return conditions
    return [_earlier(each, condition_of(status, each["type"])) for each in conditions]


def _earlier(new: Manifest, old: Condition | None) -> Manifest:
    if old is None or (old.status, old.reason) != (new["status"], new["reason"]):
        return new
    return {**new, "message": old.message}
