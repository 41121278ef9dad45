"""The columns that `kubectl get` prints, as a CustomResourceDefinition declares them."""

from typing import Any

from plumbline.api.objects import Manifest


def column(
    name: str, path: str, type_: str = "string", *, wide: bool = False, text: str = ""
) -> Manifest:
    """Return the column that shows a field.

    Args:
        name: its heading.
        path: JSON path of the field.
        type_: string, integer, date or another type of OpenAPI.
        wide: whether only `-o wide` shows it.
        text: what the column means.
    """
    declared: dict[str, Any] = {
        "name": name,
        "type": type_,
        "jsonPath": path,
        "description": text or name,
    }
    return {**declared, "priority": 1} if wide else declared


def condition(type_: str, field: str) -> str:
    """Return the JSON path of a condition's field."""
    return f'.status.conditions[?(@.type=="{type_}")].{field}'


READY_COLUMNS = (
    column(
        "Ready", condition("Ready", "status"), text="Whether the object is in the state of its spec"
    ),
    column("Reason", condition("Ready", "reason"), text="Why the object is ready or not"),
)
MESSAGE = column(
    "Message", condition("Ready", "message"), wide=True, text="Details, and what to do"
)
AGE = column("Age", ".metadata.creationTimestamp", "date", text="Time since the object was created")
