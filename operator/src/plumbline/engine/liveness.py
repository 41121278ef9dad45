"""Whether the machine is alive: its loop turns, its watches hear, its queue moves."""

import asyncio
from collections.abc import Sequence

from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.informer import Informer
from plumbline.engine.queue import Queue

SILENT_SECONDS, LAG_SECONDS, WAITING_SECONDS = 300.0, 10.0, 600.0


class Liveness:
    """Judges whether the process should be started again."""

    def __init__(
        self, queue: Queue, informers: Sequence[Informer], *, clock: Clock | None = None
    ) -> None:
        """Watch these."""
        self._queue, self._informers, self._clock = queue, informers, clock or RealClock()
        self._beat = self._clock.monotonic()

    async def run(self) -> None:
        """Beat once a second on the loop that does the work."""
        while True:
            self._beat = self._clock.monotonic()
            await asyncio.sleep(1)

    def trouble(self) -> list[str]:
        """Return what is stuck, in words; empty when all is well."""
        found = []
        if (lag := self._clock.monotonic() - self._beat) > LAG_SECONDS:
            found.append(f"the event loop has been stuck for {lag:.0f} s")
        if (age := self._queue.oldest_seconds()) > WAITING_SECONDS:
            found.append(f"a key has waited for {age:.0f} s")
        found += [
            f"nothing heard of {informer.resource.plural} for {informer.silent_seconds():.0f} s"
            for informer in self._informers
            if informer.silent_seconds() > SILENT_SECONDS
        ]
        return found
