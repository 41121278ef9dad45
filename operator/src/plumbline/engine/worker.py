"""Workers: take a key from the queue and reconcile its object.

Every error is retried with backoff. One that a person must fix is also shown as a condition.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime

from plumbline.api.objects import Key
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.metrics import NoMetrics, ReconcileMetrics
from plumbline.engine.ownership import Leftover, NameConflict
from plumbline.engine.queue import Queue
from plumbline.engine.unreadable import ObjectUnreadable
from plumbline.kube.errors import ApiError, Conflict, Forbidden, Invalid, Throttled
from plumbline.log import bound, get_logger

Reconcile = Callable[[Key], Awaitable[datetime | None]]
Report = Callable[[Key, Exception], Awaitable[None]]
# Between tries when a person must fix something first: a role, a spec or a name.
SLOW_SECONDS = 30.0
TRACES_KEPT = 1_000
log = get_logger(__name__)


class Workers:
    """A number of workers on one queue."""

    def __init__(
        self,
        queue: Queue,
        *,
        reconcile: Reconcile,
        report: Report,
        metrics: ReconcileMetrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Reconcile with `reconcile(key)`; `report(key, error)` shows an error on the object."""
        self._queue, self._reconcile, self._report = queue, reconcile, report
        self._metrics, self._clock = metrics or NoMetrics(), clock or RealClock()
        self._traced: OrderedDict[tuple[Key, type[Exception]], None] = OrderedDict()

    async def run(self, number: int) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self.once(key)
            finally:
                self._queue.done(key)

    async def once(self, key: Key) -> None:
        """Reconcile one key and queue it again if necessary."""
        with bound(**key.log_fields):
            await self._reconciled(key)

    async def _reconciled(self, key: Key) -> None:
        started = self._clock.monotonic()
        try:
            again = await self._reconcile(key)
            self._queue.succeeded(key)
            if again is not None:
                self._queue.add_at(key, again)
            result = "success" if again is None else "requeue_after"
        except Exception as error:
            result = "error"
            await self._failed(key, error)
        seconds = self._clock.monotonic() - started
        self._metrics.reconciled(key.resource.kind.lower(), result, seconds)

    async def _failed(self, key: Key, error: Exception) -> None:
        match error:
            case Conflict():
                # The cache has the new version by now, so the second try usually succeeds.
                self._queue.retry_at_once(key)
            case Throttled():
                self._queue.retry(key, at_least_seconds=error.retry_after_seconds)
            case Invalid() | Forbidden() | NameConflict() | ObjectUnreadable():
                pause = self._queue.retry(key, at_least_seconds=SLOW_SECONDS)
                log.warning("reconcile refused", error=error, retry_seconds=round(pause, 1))
                await self._try_to_report(key, error)
            case ApiError() | Leftover():
                pause = self._queue.retry(key)
                log.warning("reconcile failed", error=error, retry_seconds=round(pause, 1))
            case _:
                self._log_bug(key, error, pause=self._queue.retry(key))

    async def _try_to_report(self, key: Key, error: Exception) -> None:
        try:
            await self._report(key, error)
        except Exception as second:
            log.warning("error not reported in the status", error=second)

    def _log_bug(self, key: Key, error: Exception, *, pause: float) -> None:
        """Log a traceback when a key fails in this way for the first time, afterwards one line."""
        trace = (key, type(error))
        known = trace in self._traced
        self._traced[trace] = None
        if len(self._traced) > TRACES_KEPT:
            self._traced.popitem(last=False)
        again = round(pause, 1)
        if known:
            log.error("reconcile failed unexpectedly again", error=error, retry_seconds=again)
        else:
            log.exception("reconcile failed unexpectedly", error, retry_seconds=again)
