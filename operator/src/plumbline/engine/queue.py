"""A queue of keys that each wait once, come back later, and back off when they fail.

A key that is added while it is being worked on is handed out again afterwards, never twice at the
same time. What users change goes before what is only looked at again.
"""

import asyncio
import heapq
import random
from collections import OrderedDict
from typing import Protocol

from plumbline.api.effects import Key
from plumbline.engine.clock import Clock, RealClock

FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.2, 300.0


class QueueMetrics(Protocol):
    """Who is told of the queue."""

    def queue_depth(self, depth: int) -> None:
        """Take in how many keys wait."""

    def queue_added(self) -> None:
        """Take in that a key was added."""

    def queue_waited(self, seconds: float) -> None:
        """Take in how long a key has waited."""


class Queue:
    """Keys that wait to be worked on."""

    def __init__(self, *, clock: Clock | None = None, metrics: QueueMetrics | None = None) -> None:
        """Start empty."""
        self._clock, self._metrics = clock or RealClock(), metrics
        self._urgent: OrderedDict[Key, float] = OrderedDict()
        self._calm: OrderedDict[Key, float] = OrderedDict()
        self._working: set[Key] = set()
        self._again: dict[Key, bool] = {}
        self._later: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._count = 0
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Return how many keys wait now."""
        return len(self._urgent) + len(self._calm)

    def add(self, key: Key, *, urgent: bool = True) -> None:
        """Hand the key out as soon as a worker is free."""
        if key in self._working:
            self._again[key] = self._again.get(key, False) or urgent
            return
        since = self._calm.pop(key, None) if urgent else self._calm.get(key)
        place = self._urgent if urgent or key in self._urgent else self._calm
        if key not in place:
            place[key] = self._clock.monotonic() if since is None else since
            self._tell_added()
        self._changed.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Hand the key out after some seconds, or earlier if it is added earlier."""
        due = self._clock.monotonic() + max(0.0, seconds)
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._later, (due, self._count, key))
        self._changed.set()

    def retry(self, key: Key) -> float:
        """Hand the key out after a pause that doubles with each failure; return its seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause = min(LAST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 20))
        pause *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, hides nothing
        self.add_after(key, pause)
        return pause

    def succeeded(self, key: Key) -> None:
        """Forget the key's failures."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """Return the next key, which is then being worked on until `done`."""
        while True:
            self._move_due()
            for place in (self._urgent, self._calm):
                if place:
                    key, since = place.popitem(last=False)
                    return self._start(key, since)
            self._changed.clear()
            pause = max(0.0, self._later[0][0] - self._clock.monotonic()) if self._later else None
            await _wait(self._changed, pause)

    def done(self, key: Key) -> None:
        """End the work on a key; if it was added meanwhile it waits again."""
        self._working.discard(key)
        if key in self._again:
            self.add(key, urgent=self._again.pop(key))

    def oldest_seconds(self) -> float:
        """Return how long the oldest key has waited."""
        starts = [next(iter(p.values())) for p in (self._urgent, self._calm) if p]
        return self._clock.monotonic() - min(starts) if starts else 0.0

    def _start(self, key: Key, since: float) -> Key:
        self._working.add(key)
        if self._metrics:
            self._metrics.queue_waited(self._clock.monotonic() - since)
            self._metrics.queue_depth(len(self))
        return key

    def _move_due(self) -> None:
        now = self._clock.monotonic()
        while self._later and self._later[0][0] <= now:
            due, _, key = heapq.heappop(self._later)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key, urgent=False)

    def _tell_added(self) -> None:
        if self._metrics:
            self._metrics.queue_added()
            self._metrics.queue_depth(len(self))


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
