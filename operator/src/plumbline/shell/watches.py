"""Kopf: its watches feed our kinds into the cache, and decide nothing.

Kopf's login, list, watch and retries are used as they are. These settings differ:

- the session, which authenticates like all our requests and can read objects of any depth;
- the page size of lists, and the timeouts of requests, silent watches, retries (an hour; then it
  ends, and the process starts again) and idle tasks;
- it does not look for new kinds and namespaces, because our role may not list them;
- it keeps no copies for change handlers: see `kopf_settings`, which has all but the session.

Change handlers, timers, daemons and indexes are not used, since they keep extra state and cost much
at scale.

Kopf runs in its own thread with its own event loop. So it handles no signals (only a main thread
can), and when it ends it cannot cancel our tasks, since none are on its loop. Its end after a
failure may take minutes, and the process does not wait for it.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import kopf
import uvloop

from plumbline.api.objects import Resource
from plumbline.engine import listing
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.listing import AT_ONCE
from plumbline.kube.config import Connection
from plumbline.plan.registry import OURS
from plumbline.shell import loops
from plumbline.shell.kopf_settings import Timing, settings
from plumbline.shell.streams import Streams

STOP_SECONDS = 1.0
# How long events are collected, so that one call between threads passes many of them.
COLLECT_SECONDS = 0.002


class Ended(Exception):
    """The watches ended although nothing stopped them; the process must end too."""


class Watches:
    """Kopf's watches of our kinds."""

    def __init__(
        self,
        cache: Cache,
        connection: Connection,
        *,
        timing: Timing,
        on_failure: Callable[[], None],
        clock: Clock | None = None,
    ) -> None:
        """Feed `cache`; `on_failure()` is called on kopf's thread, as soon as kopf fails."""
        self._cache, self._connection = cache, connection
        self._timing, self._on_failure = timing, on_failure
        self.streams = Streams(OURS, clock or RealClock())

    async def run(self) -> None:
        """Watch our kinds in all namespaces until cancelled.

        Raises:
            Ended: a watch has ended by itself.
        """
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        failed: asyncio.Future[BaseException | None] = loop.create_future()
        ended: asyncio.Future[None] = loop.create_future()

        def fail(error: BaseException | None) -> None:
            if not stop.is_set():
                self._on_failure()
            loops.resolve(failed, error)

        def end() -> None:
            fail(None)  # Kopf's thread can also end without an error that `_kopf` catches.
            loops.resolve(ended)

        kopf_loop = uvloop.new_event_loop()
        work = _kopf(self._registry(loop), settings(self._timing), stop, fail)
        loops.start(kopf_loop, work, name="kopf", then=end)
        self.streams.begin()
        try:
            error = await failed
            raise Ended("kopf's watch of our kinds has ended") from error
        finally:
            loops.call(kopf_loop, stop.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended, STOP_SECONDS)

    def _registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        """Return kopf's registry with one raw watch for each of our kinds."""
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(self._login)
        for resource in OURS:
            watched = kopf.on.event(
                *(resource.group, resource.version, resource.plural),
                registry=registry,
                id=resource.plural,
            )
            watched(self._observer(resource, loop))
        return registry

    async def _login(self, **_: Any) -> kopf.AiohttpSession:
        session = self._connection.session(self.streams.response_class())
        return kopf.AiohttpSession(server=self._connection.server, aiohttp_session=session)

    def _observer(self, resource: Resource, loop: asyncio.AbstractEventLoop) -> Any:
        """Return a handler that passes events to our loop, many at a time."""
        waiting: deque[dict[str, Any]] = deque()

        def hand_over() -> None:
            loops.call(loop, store_some)

        def store_some() -> None:
            events = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
            if waiting:
                loop.call_soon(store_some)
            for event in events:
                self._store(resource, event)

        async def observe(event: dict[str, Any], **_: Any) -> None:
            waiting.append(event)
            if len(waiting) == 1:
                asyncio.get_running_loop().call_later(COLLECT_SECONDS, hand_over)

        return observe

    def _store(self, resource: Resource, event: dict[str, Any]) -> None:
        deleted = event["type"] == "DELETED"
        listing.store_object(self._cache, resource, dict(event["object"]), deleted=deleted)


async def _kopf(
    registry: kopf.OperatorRegistry,
    settings: kopf.OperatorSettings,
    stop: asyncio.Event,
    fail: Callable[[BaseException | None], None],
) -> None:
    """Run kopf; its end takes a while, so `fail` is called when the end begins."""
    try:
        tasks = await kopf.spawn_tasks(
            registry=registry,
            settings=settings,
            clusterwide=True,
            standalone=True,
            stop_flag=stop,
        )
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        fail(_error_of(done))
        await kopf.run_tasks(tasks)
    except Exception as error:
        fail(error)


def _error_of(tasks: Iterable["asyncio.Task[Any]"]) -> BaseException | None:
    errors = (task.exception() for task in tasks if not task.cancelled())
    return next((error for error in errors if error), None)
