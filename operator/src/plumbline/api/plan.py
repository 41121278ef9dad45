"""Everything a plan can say, as values.

A plan is the whole answer to one snapshot of the world: the children that should exist, what the
status should read, what should go, and when to look again. The engine carries it out in the order
of the fields; it never decides anything itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from plumbline.api.decision import Decision
from plumbline.api.objects import Key, Manifest
from plumbline.api.resources import BY_KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """An object to delete, only while it still has this uid."""

    key: Key
    uid: str

    @classmethod
    def of(cls, child: Manifest) -> "Deletion":
        """Return the deletion of exactly this live child."""
        metadata = child["metadata"]
        resource = BY_KIND[child["apiVersion"], child["kind"]]
        return cls(key=Key(resource, metadata["namespace"], metadata["name"]), uid=metadata["uid"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A Kubernetes Event on the planned object; the same event again only raises its count."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What should be true after this pass, for one object.

    Attributes:
        create: children that are made once and never touched again (Jobs, runs, frozen specs).
        apply: children kept as written, by server-side apply, whenever the live object differs.
        status: the whole status the object should have; None leaves it as it is.
        delete: children that should go, each guarded by its uid.
        events: said after the status has been stored.
        requeue_at: when to look again although nothing changed; None for never.
        decisions: what was decided, and by which rules.
    """

    create: tuple[Manifest, ...] = ()
    apply: tuple[Manifest, ...] = ()
    status: Manifest | None = None
    delete: tuple[Deletion, ...] = ()
    events: tuple[Event, ...] = ()
    requeue_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
