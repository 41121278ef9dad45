"""Keeps the cache true for one kind: list, watch, and list again when the watch has lost track.

A list is the whole truth: what it does not hold is gone, even if nobody told us. The list is
repeated now and then for that reason alone.
"""

import asyncio
import logging
import random

from plumbline.api.effects import Key, Resource
from plumbline.engine.cache import Cache, version_of
from plumbline.engine.clock import Clock, RealClock
from plumbline.kube.client import Client
from plumbline.kube.errors import ApiError, Gone

LAST_BACKOFF_SECONDS = 30.0
log = logging.getLogger(__name__)


class Informer:
    """Watches one kind, in one namespace or everywhere, with an optional label selector."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        resource: Resource,
        *,
        namespace: str | None = None,
        labels: str = "",
        relist_seconds: float = 600.0,
        clock: Clock | None = None,
    ) -> None:
        """Feed `cache` from `client`."""
        self._client, self._cache, self.resource = client, cache, resource
        self._namespace, self._labels = namespace, labels
        self._relist_seconds, self._clock = relist_seconds, clock or RealClock()
        self._heard = self._clock.monotonic()
        self.synced = asyncio.Event()

    def silent_seconds(self) -> float:
        """Return how long nothing has been heard, not even a bookmark."""
        return self._clock.monotonic() - self._heard

    async def run(self) -> None:
        """Run until cancelled."""
        failures = 0
        while True:
            try:
                await self._list_and_watch()
                failures = 0
            except Gone:
                log.info("%s: the watch is too old; listing again", self.resource.plural)
            except ApiError as error:
                failures += 1
                log.warning("%s: %s", self.resource.plural, error)
                await asyncio.sleep(_pause(failures))

    async def _list_and_watch(self) -> None:
        """List once, then watch until it is time to list again."""
        version = await self.relist()
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreads lists, hides nothing
        end = self._clock.monotonic() + self._relist_seconds * jitter
        while self._clock.monotonic() < end:
            version = await self._watch(version, end - self._clock.monotonic())

    async def relist(self) -> str:
        """Take in a list and return its resourceVersion; what the cache holds beyond it, and is not newer than it, is gone."""
        items, version = await self._client.list(
            self.resource, namespace=self._namespace, labels=self._labels
        )
        self._heard = self._clock.monotonic()
        listed = {self._key(item) for item in items}
        for item in items:
            self._cache.observe(self._key(item), item)
        for key in self._cache.keys(self.resource, self._namespace) - listed:
            obj = self._cache.get(key)
            if obj is not None and version_of(obj) <= int(version):
                self._cache.forget(key)
        self.synced.set()
        return version

    async def _watch(self, since: str, seconds: float) -> str:
        """Take in events until the server ends the watch; return the version that was reached."""
        reached = since
        async for event in self._client.watch(
            self.resource,
            since=since,
            namespace=self._namespace,
            labels=self._labels,
            timeout_seconds=max(1, min(300, int(seconds))),
        ):
            self._heard = self._clock.monotonic()
            obj = event["object"]
            reached = obj["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                self._cache.forget(self._key(obj), obj=obj)
            elif event["type"] in ("ADDED", "MODIFIED"):
                self._cache.observe(self._key(obj), obj)
        return reached

    def _key(self, obj: dict[str, dict[str, str]]) -> Key:
        metadata = obj["metadata"]
        return Key(self.resource, metadata.get("namespace", ""), metadata["name"])


def _pause(failures: int) -> float:
    longest = min(LAST_BACKOFF_SECONDS, 0.5 * 2.0 ** min(failures, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads retries
