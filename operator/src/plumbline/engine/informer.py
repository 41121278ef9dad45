"""Keeps the cache true for one kind: list, watch, and list again when the watch has lost track.

A list is the whole truth: what it does not hold is gone, even if nobody told us. The list is
repeated now and then for that reason alone.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.versions import version_of
from plumbline.kube.client import Client
from plumbline.kube.errors import ApiError, Gone

LAST_BACKOFF_SECONDS, LONGEST_WATCH_SECONDS, SHORT_WATCH_SECONDS = 30.0, 300, 1.0
log = logging.getLogger(__name__)


class Informer:
    """Watches one kind, in one namespace or everywhere, with an optional label selector.

    Two informers must not share a kind and a namespace: each would take the other's for gone.
    """

    def __init__(
        self,
        client: Client,
        cache: Cache,
        resource: Resource,
        *,
        namespace: str | None = None,
        labels: str = "",
        relist_seconds: float = 600.0,
        first_backoff_seconds: float = 0.5,
        clock: Clock | None = None,
    ) -> None:
        """Feed `cache` from `client`."""
        self._client, self._cache, self.resource = client, cache, resource
        self._namespace, self._labels = namespace, labels
        self._relist_seconds, self._clock = relist_seconds, clock or RealClock()
        self._first_backoff_seconds, self._failures = first_backoff_seconds, 0
        self._reached = ""
        self._heard: float | None = None
        self.synced = asyncio.Event()

    def silent_seconds(self) -> float:
        """Return how long nothing has been heard, not even a bookmark; 0 before it runs."""
        return 0.0 if self._heard is None else self._clock.monotonic() - self._heard

    async def run(self) -> None:
        """Run until cancelled."""
        self._heard = self._clock.monotonic()
        while True:
            self._reached = await self.relist()
            try:
                await self._watch_on()
            except Gone as error:
                log.info("%s; listing again", error)
                await self._pause()

    async def relist(self) -> str:
        """Take in a list, as soon as there is one, and return its resourceVersion."""
        while True:
            try:
                version = await self._list()
            except ApiError as error:
                log.warning("%s; listing again", error)
                await self._pause()
            else:
                self.synced.set()
                return version

    async def _list(self) -> str:
        """Take in a list page by page, so that it is never held as a whole.

        What the cache holds beyond the list, and is not newer than it, is gone.
        """
        listed, as_of = set(), ""
        async for items, version in self._client.pages(
            self.resource, namespace=self._namespace, labels=self._labels
        ):
            self._hear()
            as_of = version
            for item in items:
                key = self._key(item)
                listed.add(key)
                self._cache.observe(key, item)
        for key in self._cache.keys(self.resource, self._namespace) - listed:
            self._cache.forget(key, as_of=as_of)
        return as_of

    async def _watch_on(self) -> None:
        """Watch until it is time to list again; a broken watch goes on where it was.

        Raises:
            Gone: the server no longer knows where that was.
        """
        end = self._clock.monotonic() + self._relist_seconds * _jitter()
        while (left := end - self._clock.monotonic()) > 0:
            started = self._clock.monotonic()
            try:
                await self._watch(left)
            except Gone:
                raise
            except ApiError as error:
                log.warning("%s", error)
                await self._pause()
            else:
                if self._clock.monotonic() - started < SHORT_WATCH_SECONDS:
                    await self._pause()

    async def _watch(self, seconds: float) -> None:
        """Take in events until the server ends the watch."""
        async for event in self._client.watch(
            self.resource,
            since=self._reached,
            namespace=self._namespace,
            labels=self._labels,
            timeout_seconds=max(1, min(LONGEST_WATCH_SECONDS, int(seconds))),
        ):
            self._hear()
            self._take(event["type"], event["object"])
            self._reached = version_of(event["object"])

    def _take(self, kind: str, obj: Mapping[str, Any]) -> None:
        match kind:
            case "DELETED":
                self._cache.forget(self._key(obj), obj=obj)
            case "ADDED" | "MODIFIED":
                self._cache.observe(self._key(obj), obj)
            case _:
                return  # a bookmark says how far we are, nothing else

    def _hear(self) -> None:
        self._heard, self._failures = self._clock.monotonic(), 0

    async def _pause(self) -> None:
        longest = self._first_backoff_seconds * 2.0 ** min(self._failures, 10)
        self._failures += 1
        await asyncio.sleep(min(LAST_BACKOFF_SECONDS, longest) * _jitter())

    def _key(self, obj: Mapping[str, Any]) -> Key:
        metadata = obj["metadata"]
        return Key(self.resource, metadata.get("namespace", ""), metadata["name"])


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 - spreads requests, hides nothing
