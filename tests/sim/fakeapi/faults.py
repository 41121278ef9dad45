"""What goes wrong on the wire, said beforehand and used up one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "conflict",
    "error",
    "expire",
    "forbidden",
    "hang",
    "hang_after",
    "reset",
    "reset_after",
    "slow",
    "throttle",
    "unauthorized",
]
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the server saw it."""

    verb: str
    plural: str
    namespace: str
    name: str

    @property
    def is_write(self) -> bool:
        return self.verb not in ("get", "list", "watch")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next calls that fit; `skip` of them go well first.

    `reset` breaks the connection and `hang` never answers, both before the write; with `_after`
    they do so between the write and its answer. `expire` says 410, `slow` comes half a second late.
    """

    kind: Kind
    verb: str = ""
    plural: str = ""
    name: str = ""
    only_writes: bool = False
    times: int = 1
    skip: int = 0
    retry_after: str = "0"

    def fits(self, call: Call) -> bool:
        wanted = ((self.verb, call.verb), (self.plural, call.plural), (self.name, call.name))
        fits = all(mine in ("", theirs) for mine, theirs in wanted)
        return fits and (call.is_write or not self.only_writes)


@dataclass(slots=True)
class Faults:
    """Faults that wait to happen, and watch events that will be lost."""

    waiting: list[Fault] = field(default_factory=list)
    lost: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, kind: Kind, **where: Any) -> None:
        self.waiting.append(Fault(kind=kind, **where))

    def lose_event(self, type: str, kind: str, name: str) -> None:
        """Lose the next watch event of this type about this object."""
        self.lost.append((type, kind, name))

    def next(self, call: Call) -> Fault | None:
        """Return the fault that this call meets, if any."""
        for fault in self._fitting(call):
            if fault.skip:
                fault.skip -= 1
                return None
            fault.times -= 1
            if not fault.times:
                self.waiting.remove(fault)
            return fault
        return None

    def loses(self, event: Object) -> bool:
        """Return whether this watch event never arrives."""
        obj = event["object"]
        what = (event["type"], obj["kind"], obj["metadata"].get("name", ""))
        if what not in self.lost:
            return False
        self.lost.remove(what)
        return True

    def _fitting(self, call: Call) -> Iterator[Fault]:
        return (fault for fault in self.waiting if fault.fits(call))
