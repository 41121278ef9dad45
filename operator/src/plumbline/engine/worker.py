"""Workers: take a key, look at the whole world for it, make it as it should be.

An error is either worth another try, and backs off, or needs a person, and is said on the object.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from plumbline.api.effects import Key
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.effects import Foreign
from plumbline.engine.queue import Queue
from plumbline.kube.errors import ApiError, Conflict, Forbidden, Invalid, Throttled

Reconcile = Callable[[Key], Awaitable[datetime | None]]
Tell = Callable[[Key, Exception], Awaitable[None]]
TERMINAL = (Invalid, Forbidden, Foreign)
log = logging.getLogger(__name__)


class ReconcileMetrics(Protocol):
    """Who is told of reconciles."""

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Take in a reconcile and how it ended."""


class Workers:
    """A number of workers on one queue."""

    def __init__(
        self,
        queue: Queue,
        *,
        reconcile: Reconcile,
        tell: Tell,
        metrics: ReconcileMetrics,
        clock: Clock | None = None,
    ) -> None:
        """Work with `reconcile(key)`; `tell(key, error)` says on the object what needs a person."""
        self._queue, self._reconcile, self._tell = queue, reconcile, tell
        self._metrics, self._clock = metrics, clock or RealClock()

    async def run(self, number: int) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._once(key)
            finally:
                self._queue.done(key)

    async def _once(self, key: Key) -> None:
        """Reconcile one key and see to it that it comes back if it must."""
        started = self._clock.monotonic()
        try:
            again = await self._reconcile(key)
            self._queue.succeeded(key)
            if again is not None:
                self._queue.add_after(key, (again - self._clock.now()).total_seconds())
            result = "success" if again is None else "requeue_after"
        except Exception as error:
            result = "error"
            await self._failed(key, error)
        seconds = self._clock.monotonic() - started
        self._metrics.reconciled(key.resource.kind.lower(), result, seconds)

    async def _failed(self, key: Key, error: Exception) -> None:
        where = f"{key.resource.kind} {key.namespace}/{key.name}"
        if isinstance(error, Conflict):
            self._queue.add_after(key, 0.05)
        elif isinstance(error, Throttled):
            self._queue.add_after(key, error.retry_after_seconds)
        elif isinstance(error, TERMINAL):
            log.warning("%s: %s", where, error)
            self._queue.retry(key)
            await self._say(key, error)
        elif isinstance(error, ApiError):
            log.warning("%s: %s; again in %.1f s", where, error, self._queue.retry(key))
        else:
            log.exception("%s: again in %.1f s", where, self._queue.retry(key), exc_info=error)

    async def _say(self, key: Key, error: Exception) -> None:
        try:
            await self._tell(key, error)
        except ApiError as second:
            log.warning("%s: %s", key.name, second)
