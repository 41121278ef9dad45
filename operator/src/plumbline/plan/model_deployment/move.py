"""One move of a rollout: the roles in the status after it, and what is told about it."""

from dataclasses import dataclass
from typing import Any, Literal

from plumbline.api.plan import Event
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus
from plumbline.plan.common.status import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The status after this pass, and what to tell about the change."""

    status: ModelDeploymentStatus
    events: tuple[Event, ...] = ()


def move(
    status: ModelDeploymentStatus,
    *,
    reason: Reason | None = None,
    message: str = "",
    kind: Literal["Normal", "Warning"] = "Normal",
    **changes: Any,
) -> Move:
    """Return the move that changes these fields of the status."""
    told = (Event(type=kind, reason=reason, message=message),) if reason else ()
    return Move(status=changed(status, **changes), events=told)
