"""Keeps the cache up to date for one kind: list, watch, and list again when the watch fails.

A list is complete: an object that is not in it is deleted, even if no event said so. Therefore the
list is repeated from time to time.
"""

import asyncio
from typing import Any

from plumbline.api.objects import Resource
from plumbline.engine import listing
from plumbline.engine.backoff import Backoff, jitter
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.resync import RESYNC_SECONDS
from plumbline.engine.versions import version_of
from plumbline.kube.client import Client
from plumbline.kube.errors import ApiError, Gone
from plumbline.log import get_logger

LONGEST_WATCH_SECONDS, SHORT_WATCH_SECONDS = 300, 1.0
log = get_logger(__name__)


class Informer:
    """Watches one kind, in one namespace or everywhere, with an optional label selector.

    Two informers must not share a kind and a namespace: each would delete the other's objects.
    """

    def __init__(
        self,
        client: Client,
        cache: Cache,
        resource: Resource,
        *,
        namespace: str | None = None,
        labels: str = "",
        relist_seconds: float = RESYNC_SECONDS,
        first_backoff_seconds: float = 0.5,
        clock: Clock | None = None,
    ) -> None:
        """Feed `cache` from `client`."""
        self._client, self._cache, self.resource = client, cache, resource
        self._namespace, self._labels = namespace, labels
        self._relist_seconds, self._clock = relist_seconds, clock or RealClock()
        self._backoff = Backoff(first_backoff_seconds)
        self._version = ""
        self._last_news: float | None = None
        self.synced = asyncio.Event()

    def silent_seconds(self) -> float:
        """Return the seconds since the last event or bookmark; 0 before it runs."""
        return 0.0 if self._last_news is None else self._clock.monotonic() - self._last_news

    async def run(self) -> None:
        """Run until cancelled."""
        # Silence counts from the start, so that a list that never succeeds is noticed.
        self._last_news = self._clock.monotonic()
        while True:
            await self.relist()
            try:
                await self._watch_on()
            except Gone as error:
                log.info("watch is too old, listing again", watched=self.resource.kind, error=error)
                await self._backoff.pause()

    async def relist(self) -> None:
        """List until that succeeds; the next watch continues from that list."""
        self._version = await listing.store_list(
            *(self._client, self._cache, self.resource),
            backoff=self._backoff,
            namespace=self._namespace,
            labels=self._labels,
            on_page=self._note_news,
        )
        self.synced.set()

    async def _watch_on(self) -> None:
        """Watch until it is time to list again; a broken watch continues where it ended.

        Raises:
            Gone: the server no longer knows that resourceVersion.
        """
        # With jitter, because otherwise all kinds would be listed in the same second.
        end = self._clock.monotonic() + self._relist_seconds * jitter()
        while (left := end - self._clock.monotonic()) > 0:
            started = self._clock.monotonic()
            try:
                await self._watch(left)
            except Gone:
                raise
            except ApiError as error:
                log.warning("watch failed", watched=self.resource.kind, error=error)
                await self._backoff.pause()
            else:
                # A server that ends each watch at once must not get a new request at once.
                if self._clock.monotonic() - started < SHORT_WATCH_SECONDS:
                    await self._backoff.pause()

    async def _watch(self, seconds: float) -> None:
        """Process events until the server ends the watch."""
        async for event in self._client.watch(
            self.resource,
            since=self._version,
            namespace=self._namespace,
            labels=self._labels,
            timeout_seconds=max(1, min(LONGEST_WATCH_SECONDS, int(seconds))),
        ):
            self._note_news()
            self._store(event["type"], event["object"])
            self._version = version_of(event["object"])

    def _store(self, kind: str, obj: dict[str, Any]) -> None:
        match kind:
            case "DELETED" | "ADDED" | "MODIFIED":
                listing.store_object(self._cache, self.resource, obj, deleted=kind == "DELETED")
            case _:
                return  # a bookmark has a resourceVersion and nothing else

    def _note_news(self) -> None:
        """Note that the server responds."""
        self._last_news = self._clock.monotonic()
        self._backoff.succeeded()
