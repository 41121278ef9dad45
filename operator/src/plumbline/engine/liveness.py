"""Whether the machine is alive: its loop turns, its watches hear, its queue moves."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from plumbline.api.objects import Resource
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.queue import Queue

SILENT_SECONDS, LAG_SECONDS, WAITING_SECONDS = 300.0, 10.0, 600.0


class Hearing(Protocol):
    """A watch of one kind."""

    resource: Resource

    def silent_seconds(self) -> float:
        """Return how long nothing has been heard, not even a bookmark; 0 before it runs."""


class Liveness:
    """Judges whether the process should be started again."""

    def __init__(
        self, queue: Queue, watches: Sequence[Hearing], *, clock: Clock | None = None
    ) -> None:
        """Watch these; before the first beat, as on a replica that stands by, all is well."""
        self._queue, self._watches, self._clock = queue, watches, clock or RealClock()
        self._beat: float | None = None

    async def run(self) -> None:
        """Beat once a second on the loop that does the work."""
        while True:
            self.beat()
            await asyncio.sleep(1)

    def beat(self) -> None:
        """Note that the loop turns."""
        self._beat = self._clock.monotonic()

    def trouble(self) -> list[str]:
        """Return what is stuck, in words; empty when all is well."""
        return [*self._stuck_loop(), *self._stuck_queue(), *self._silent_watches()]

    def _stuck_loop(self) -> Iterator[str]:
        if self._beat is None:
            return
        if (lag := self._clock.monotonic() - self._beat) > LAG_SECONDS:
            yield f"the event loop has been stuck for {lag:.0f} s"

    def _stuck_queue(self) -> Iterator[str]:
        if (age := self._queue.oldest_seconds()) > WAITING_SECONDS:
            yield f"a key has waited for {age:.0f} s"
        age, key = self._queue.longest_work()
        if key and age > WAITING_SECONDS:
            name = f"{key.resource.kind} {key.namespace}/{key.name}"
            yield f"{name} has been worked on for {age:.0f} s"

    def _silent_watches(self) -> Iterator[str]:
        for watch in self._watches:
            if (silent := watch.silent_seconds()) > SILENT_SECONDS:
                yield f"nothing heard of {watch.resource.plural} for {silent:.0f} s"
