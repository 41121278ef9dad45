"""One operator process: the real cache, wakes, plans and effects; only what feeds them is ours."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.engine.ownership import Leftover, NameConflict
from plumbline.engine.queue import Queue
from plumbline.engine.worker import Workers
from plumbline.kube.errors import ApiError
from plumbline.plan.kind import Kind
from plumbline.plan.registry import OURS
from plumbline.shell.job_results import JobResults
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.wiring import DROPPED_FIELDS, NonObjectInputs, connect
from plumbline.store import StoreError

from tests.sim.loop.api import Api
from tests.sim.loop.archive import Archive
from tests.sim.loop.clock import Time
from tests.sim.loop.feed import list_all
from tests.sim.loop.live import Live

EXPECTED = (ApiError, StoreError, NameConflict, Leftover)


class Process:
    """What an operator knows and does between its start and its end.

    Attributes:
        failing: keys whose newest pass failed; they come again by themselves.
        passes: how many passes it has made.
    """

    def __init__(
        self,
        kinds: Collection[Kind[Any]],
        *,
        api: Api,
        archive: Archive,
        live: Live,
        time: Time,
        settings: Any,
        idle: Collection[Resource] = (),
        results: JobResults | None = None,
        wrote: Callable[[Key, Any], None] = lambda key, before: None,
    ) -> None:
        self._idle, self._api, self._wrote = idle, api, wrote
        self.cache, self.queue = Cache(DROPPED_FIELDS), Queue(clock=time)
        list_all(api.store, self.cache)
        self.results = results or JobResults(lambda _: archive)  # type: ignore[arg-type,return-value]
        self._reconciler = connect(
            kinds,
            client=api,  # type: ignore[arg-type]
            cache=self.cache,
            objects=ObjectReader(self.cache, kinds),
            queue=self.queue,
            inputs=NonObjectInputs(settings=settings, results=self.results, live=live),
            clock=time,
        )
        self._workers = Workers(
            self.queue, reconcile=self.reconcile, report=self._reconciler.report_error, clock=time
        )
        self.failing: dict[Key, Exception] = {}
        self.passes = 0

    def known(self) -> list[Key]:
        """Return the objects of our kinds."""
        found = (key for resource in OURS for key in self.cache.keys(resource))
        return sorted(key for key in found if key.resource not in self._idle)

    def look_at_all(self) -> None:
        """Hand out every key, as a resync does."""
        for key in self.known():
            self.queue.add(key, urgent=False)

    async def reconcile(self, key: Key) -> datetime | None:
        """Make one pass; what nobody can expect to happen ends the story."""
        self.passes += 1
        before, writes = (self.cache.get(key) or {}).get("status"), len(self._api.writes)
        try:
            again = await self._reconciler.reconcile(key)
        except EXPECTED as error:
            self.failing[key] = error
            raise
        except Exception as error:
            raise Bug(f"{key.resource.kind} {key.name}: {error!r}") from error
        self.failing.pop(key, None)
        if len(self._api.writes) > writes:
            self._wrote(key, before)
        return again

    async def work_one(self) -> None:
        """Take the next key and make a pass."""
        key = await self.queue.get()
        try:
            if key.resource not in self._idle:
                await self._workers.once(key)
        finally:
            self.queue.done(key)


class Bug(BaseException):
    """A pass failed in a way that no cluster causes."""
