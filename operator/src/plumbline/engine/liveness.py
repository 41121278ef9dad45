"""Whether the operator is alive: the event loop runs, watches receive events, the queue moves."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from plumbline.api.objects import Resource
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.queue import Queue

# A bookmark comes about once a minute, so a watch that is silent for five is broken.
SILENT_SECONDS = 300.0
# After this time without an event loop the Lease is lost anyway.
LAG_SECONDS = 10.0
WAITING_SECONDS = 600.0


class Watch(Protocol):
    """A watch of one kind."""

    resource: Resource

    def silent_seconds(self) -> float:
        """Return the seconds since the last event or bookmark; 0 before it runs."""


class Liveness:
    """Decides whether the process must be restarted."""

    def __init__(
        self, queue: Queue, watches: Sequence[Watch], *, clock: Clock | None = None
    ) -> None:
        """Check these. A replica in standby does not beat, and counts as alive."""
        self._queue, self._watches, self._clock = queue, watches, clock or RealClock()
        self._beat: float | None = None

    async def run(self) -> None:
        """Beat once a second on the event loop that does the work."""
        while True:
            self.beat()
            await asyncio.sleep(1)

    def beat(self) -> None:
        """Note that the event loop runs."""
        self._beat = self._clock.monotonic()

    def trouble(self) -> list[str]:
        """Return what is stuck, in words; empty when nothing is."""
        return [*self._stuck_loop(), *self._stuck_queue(), *self._silent_watches()]

    def _stuck_loop(self) -> Iterator[str]:
        if self._beat is None:
            return
        if (lag := self._clock.monotonic() - self._beat) > LAG_SECONDS:
            yield f"the event loop has been stuck for {lag:.0f} s"

    def _stuck_queue(self) -> Iterator[str]:
        if (age := self._queue.oldest_seconds()) > WAITING_SECONDS:
            yield f"an object has waited in the queue for {age:.0f} s"
        age, key = self._queue.longest_work()
        if key and age > WAITING_SECONDS:
            name = f"{key.resource.kind} {key.namespace}/{key.name}"
            yield f"the reconcile of {name} has taken {age:.0f} s so far"

    def _silent_watches(self) -> Iterator[str]:
        for watch in self._watches:
            if (silent := watch.silent_seconds()) > SILENT_SECONDS:
                yield f"the watch of {watch.resource.plural} has been silent for {silent:.0f} s"
