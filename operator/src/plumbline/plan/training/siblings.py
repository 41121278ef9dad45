"""The other runs, some of which evaluate their models on the same held-out rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import TrainingRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another run.

    Attributes:
        revision: of the Dataset, which it trains on.
        model: digest of its model, once that was evaluated.
        look: which look that was.
        comes_first: whether it is under way and was created before this run.
    """

    revision: int
    model: str | None = None
    look: int | None = None
    comes_first: bool = False


def siblings_of(run: TrainingRun, others: Sequence[Manifest]) -> tuple[Sibling, ...]:
    """Return the other runs on the same Dataset, in the order of their names."""
    about = run.metadata
    mine = (about.creation_timestamp, about.name)
    found = []
    for each in sorted(others, key=lambda other: str(other["metadata"]["name"])):
        name, status = each["metadata"]["name"], each.get("status", {})
        pin, own = status.get("dataset") or {}, run.status.dataset
        if name == about.name or own is None or pin.get("name") != own.name:
            continue
        ended = bool(status.get("completionTime"))
        created = each["metadata"].get("creationTimestamp")
        first = created is not None and about.creation_timestamp is not None and not ended
        found.append(
            Sibling(
                revision=int(pin["revision"]),
                model=(status.get("model") or {}).get("digest"),
                look=status.get("look"),
                comes_first=first and (datetime.fromisoformat(created), name) < mine,
            )
        )
    return tuple(found)
