"""Lists every object and reconciles it again, at the start and every ten minutes.

A watch reports changes, but can miss those that happen while it is broken. A list misses nothing.
"""

import asyncio
from collections.abc import Sequence

from plumbline.api.objects import Resource
from plumbline.engine import listing
from plumbline.engine.backoff import Backoff
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock, sleep
from plumbline.engine.queue import Queue
from plumbline.kube.client import Client

RESYNC_SECONDS = 600.0


class Resync:
    """Lists kinds that Kopf watches, and queues all their objects."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        queue: Queue,
        resources: Sequence[Resource],
        *,
        clock: Clock | None = None,
        first_backoff_seconds: float = 0.5,
    ) -> None:
        """List these kinds in all namespaces."""
        self._client, self._cache, self._queue = client, cache, queue
        self._resources, self._clock = resources, clock or RealClock()
        self._first_backoff_seconds = first_backoff_seconds
        self._listed: set[Resource] = set()

    def unlisted(self) -> list[Resource]:
        """Return the kinds that have not been listed yet."""
        return [resource for resource in self._resources if resource not in self._listed]

    async def run(self) -> None:
        """List every ten minutes, until cancelled."""
        while True:
            await sleep(self._clock, RESYNC_SECONDS)
            await self.once()

    async def once(self) -> None:
        """List every kind until that succeeds; no kind waits for another."""
        await asyncio.gather(*map(self._list, self._resources))

    async def _list(self, resource: Resource) -> None:
        backoff = Backoff(self._first_backoff_seconds)
        await listing.store_list(self._client, self._cache, resource, backoff=backoff)
        self._listed.add(resource)
        for key in self._cache.keys(resource):
            self._queue.add(key, urgent=False)
