"""One list of a kind, page by page: what is in it is stored, and what is not in it is deleted.

A list is complete, also where events were missed.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.kube.client import Client
from plumbline.log import get_logger

LAST_BACKOFF_SECONDS = 30.0
# Objects taken in without a pause: each can wake others, and the loop has a Lease to renew.
AT_ONCE = 25
log = get_logger(__name__)
Object = dict[str, Any]


async def take_in(
    client: Client,
    cache: Cache,
    resource: Resource,
    *,
    namespace: str | None = None,
    labels: str = "",
    hear: Callable[[], None] = lambda: None,
) -> str:
    """Store a list page by page, and return its resourceVersion.

    An object in the cache that is not in the list, and not newer, is deleted.

    Raises:
        ApiError: the list failed; the pages before that are stored.
        WentBack: the server was restored from a backup.
    """
    listed, as_of = set[Key | None](), ""
    async for items, version in client.pages(resource, namespace=namespace, labels=labels):
        hear()
        if not as_of:
            cache.reached.reach((resource, namespace), version)
        as_of = version
        for number, item in enumerate(items, start=1):
            listed.add(take(cache, resource, item))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
    for key in cache.known(resource, namespace) - listed:
        cache.forget(key, as_of=as_of)
    return as_of


def take(cache: Cache, resource: Resource, obj: Object, *, deleted: bool = False) -> Key | None:
    """Add an object to the cache, or log why not: those after it must come. Return its key."""
    key = None
    try:
        key = key_of(resource, obj)
        if deleted:
            cache.forget(key, obj=obj)
        else:
            cache.observe(key, obj)
    except Exception as error:
        log.exception("object not added to the cache", error, watched=resource.kind)
    return key


def key_of(resource: Resource, obj: Object) -> Key:
    """Return the key of an object."""
    metadata = obj["metadata"]
    return Key(resource, metadata.get("namespace", ""), metadata["name"])


class Backoff:
    """Pauses that double with each failure in a row."""

    def __init__(self, first_seconds: float) -> None:
        """Start with this pause."""
        self._first_seconds, self._failures = first_seconds, 0

    def succeeded(self) -> None:
        """Start again with the first pause."""
        self._failures = 0

    async def pause(self) -> None:
        """Wait, longer than the last time."""
        longest = self._first_seconds * 2.0 ** min(self._failures, 10)
        self._failures += 1
        await asyncio.sleep(min(LAST_BACKOFF_SECONDS, longest) * jitter())


def jitter() -> float:
    """Return a factor around 1."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - spreads requests, hides nothing
