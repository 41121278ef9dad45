"""A plan as a value: everything that the operator should do about one object.

A plan is made from one snapshot: the children that should exist, the new status, what to delete,
and when to plan again. The engine carries it out in the order of the fields and decides nothing
itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from plumbline.api.decision import Decision
from plumbline.api.objects import Key, Manifest
from plumbline.api.resources import CHILD_BY_KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """An object to delete, if it still has this uid; one that was created since is kept."""

    key: Key
    uid: str

    @classmethod
    def of(cls, child: Manifest) -> "Deletion":
        """Return the deletion of this child."""
        metadata = child["metadata"]
        resource = CHILD_BY_KIND[child["apiVersion"], child["kind"]]
        return cls(key=Key(resource, metadata["namespace"], metadata["name"]), uid=metadata["uid"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A Kubernetes Event about the planned object. A repeated one only raises a count."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one reconcile should do about one object.

    Attributes:
        create: children that are created once and never changed (Jobs, runs, frozen specs).
        apply: children that are kept as written: where one differs, server-side apply restores it.
        status: the complete new status; None leaves it as it is.
        delete: children to delete, each only if it still has the given uid.
        events: Kubernetes Events to emit after the status is stored.
        requeue_at: when to plan again if nothing changes before; None for never.
        decisions: what was decided, and by which rules.
    """

    create: tuple[Manifest, ...] = ()
    apply: tuple[Manifest, ...] = ()
    status: Manifest | None = None
    delete: tuple[Deletion, ...] = ()
    events: tuple[Event, ...] = ()
    requeue_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
