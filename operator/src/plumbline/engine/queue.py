"""A queue of keys with delays and backoff, in which each key waits only once.

A key that is added while a worker has it is handed out again afterwards, never twice at the same
time. Changed objects (urgent keys) come before those of a resync or of a delay (background keys),
but do not block them.
"""

import asyncio
from collections import OrderedDict, deque
from datetime import datetime

from plumbline.api.objects import Key
from plumbline.engine.backoff import pause_seconds
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.delays import Delays
from plumbline.engine.metrics import NoMetrics, QueueMetrics

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.2, 300.0
# After so many urgent keys, a background key is handed out: a resync also ends under load.
URGENT_IN_A_ROW = 8


class Queue:
    """Keys that wait for a worker."""

    def __init__(self, *, clock: Clock | None = None, metrics: QueueMetrics | None = None) -> None:
        """Start empty."""
        self._clock, self._metrics = clock or RealClock(), metrics or NoMetrics()
        self._urgent: OrderedDict[Key, float] = OrderedDict()
        self._background: OrderedDict[Key, float] = OrderedDict()
        self._in_a_row = 0
        self._working: dict[Key, float] = {}
        # Keys that were added while a worker had them: whether urgent, and since when.
        self._again: dict[Key, tuple[bool, float]] = {}
        self._failures: dict[Key, int] = {}
        self._delays = Delays(self._clock, lambda key: self.add(key, urgent=False))
        self._idle: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        """Return how many keys wait now."""
        return len(self._urgent) + len(self._background)

    def add(self, key: Key, *, urgent: bool = True) -> None:
        """Hand out the key when a worker is free; urgent keys come first."""
        now = self._clock.monotonic()
        if key in self._working:
            before, since = self._again.get(key, (False, now))
            self._again[key] = (before or urgent, since)
            return
        self._put(key, urgent=urgent, since=now)

    def add_after(self, key: Key, seconds: float) -> None:
        """Hand out the key after some seconds, or earlier if it is added earlier."""
        self._delays.add(key, seconds)

    def add_at(self, key: Key, when: datetime) -> None:
        """Hand out the key at a time of day, or earlier if it is added earlier."""
        self._delays.add(key, (when - self._clock.now()).total_seconds())

    def retry(self, key: Key, *, at_least_seconds: float = 0.0) -> float:
        """Hand out the key after a pause that doubles with each failure; return its seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause = pause_seconds(failures, first=FIRST_RETRY_SECONDS, longest=LONGEST_RETRY_SECONDS)
        pause = max(at_least_seconds, pause)
        self.add_after(key, pause)
        return pause

    def retry_at_once(self, key: Key) -> float:
        """Hand out the key again now, or after a pause like `retry` if it has failed before."""
        if self._failures.get(key):
            return self.retry(key)
        self._failures[key] = 1
        self.add(key)
        return 0.0

    def succeeded(self, key: Key) -> None:
        """Forget the key's failures."""
        self._failures.pop(key, None)

    def forget(self, key: Key) -> None:
        """Forget the failures and delays of the key; if it waits now, it is still handed out."""
        self._failures.pop(key, None)
        self._delays.forget(key)

    async def get(self) -> Key:
        """Return the next key; the worker has it until `done`."""
        while not len(self):
            waiter = asyncio.get_running_loop().create_future()
            self._idle.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._pass_on(waiter)
                raise
        return self._start(*self._next().popitem(last=False))

    def done(self, key: Key) -> None:
        """Take back a key from its worker; if it was added in between, it waits again."""
        self._working.pop(key, None)
        if key in self._again:
            urgent, since = self._again.pop(key)
            self._put(key, urgent=urgent, since=since)

    def oldest_seconds(self) -> float:
        """Return how long the oldest key has waited."""
        starts = [next(iter(p.values())) for p in (self._urgent, self._background) if p]
        return self._clock.monotonic() - min(starts) if starts else 0.0

    def longest_work(self) -> tuple[float, Key | None]:
        """Return how long a worker has had its key at most, and that key."""
        if not self._working:
            return 0.0, None
        key, since = min(self._working.items(), key=lambda item: item[1])
        return self._clock.monotonic() - since, key

    def _put(self, key: Key, *, urgent: bool, since: float) -> None:
        """Let the key wait in one queue; one that becomes urgent keeps its time of arrival."""
        if key in self._urgent or (key in self._background and not urgent):
            return
        new = key not in self._background
        place = self._urgent if urgent else self._background
        place[key] = self._background.pop(key, since)
        if new:
            self._metrics.queue_added()
            self._metrics.queue_depth(len(self))
            self._wake_one()

    def _next(self) -> OrderedDict[Key, float]:
        """Return the queue to take from: after some urgent keys in a row it is the background."""
        background_turn = self._background and self._in_a_row >= URGENT_IN_A_ROW
        if self._urgent and not background_turn:
            self._in_a_row += 1
            return self._urgent
        self._in_a_row = 0
        return self._background

    def _start(self, key: Key, since: float) -> Key:
        now = self._clock.monotonic()
        self._working[key] = now
        self._metrics.queue_waited(now - since)
        self._metrics.queue_depth(len(self))
        return key

    def _wake_one(self) -> None:
        while self._idle:
            # A waiter is done already if its worker was cancelled.
            waiter = self._idle.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _pass_on(self, waiter: "asyncio.Future[None]") -> None:
        """Wake another worker in place of one that was woken and cancelled at the same time."""
        if waiter.done() and not waiter.cancelled() and len(self):
            self._wake_one()
