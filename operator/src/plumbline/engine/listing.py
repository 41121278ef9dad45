"""One list of a kind, page by page, after which the cache has exactly the objects in it.

A list is complete, also where events were missed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.backoff import Backoff
from plumbline.engine.cache import Cache
from plumbline.kube.client import Client, Listed
from plumbline.kube.errors import ApiError
from plumbline.log import get_logger

# Objects stored without a pause: each can wake others, and the loop has a Lease to renew.
AT_ONCE = 25
log = get_logger(__name__)
Object = dict[str, Any]


async def store_list(
    client: Client,
    cache: Cache,
    resource: Resource,
    *,
    backoff: Backoff,
    namespace: str | None = None,
    labels: str = "",
    on_page: Callable[[], None] = lambda: None,
) -> str:
    """Store a list in the cache, try again until that succeeds, return its resourceVersion.

    An object in the cache that is not in the list, and not newer, is removed from the cache.

    Raises:
        ServerRestored: the server was restored from a backup.
    """
    pages = partial(client.pages, resource, namespace=namespace, labels=labels)
    while True:
        try:
            return await _store_pages(pages(), cache, resource, namespace, on_page)
        except ApiError as error:
            log.warning("list failed", watched=resource.kind, error=error)
            await backoff.pause()


async def _store_pages(
    pages: AsyncIterator[Listed],
    cache: Cache,
    resource: Resource,
    namespace: str | None,
    on_page: Callable[[], None],
) -> str:
    listed, as_of = set[Key | None](), ""
    async for items, version in pages:
        on_page()
        # Before anything is stored: old objects and restored ones must not be mixed.
        if not as_of:
            cache.list_versions.note((resource, namespace), version)
        as_of = version
        for number, item in enumerate(items, start=1):
            listed.add(store_object(cache, resource, item))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
    # `known` has the unreadable ones too: they are not in the cache, but a metric shows them.
    for key in cache.known(resource, namespace) - listed:
        cache.forget_absent(key, as_of=as_of)
    return as_of


def store_object(
    cache: Cache, resource: Resource, obj: Object, *, deleted: bool = False
) -> Key | None:
    """Add an object to the cache, or remove it, and return its key.

    An error is logged and not raised, because it must not stop the objects after this one.
    """
    key = None
    try:
        key = key_of(resource, obj)
        if deleted:
            cache.forget_deleted(key, obj)
        else:
            cache.observe(key, obj)
    except Exception as error:
        log.exception("object not added to the cache", error, watched=resource.kind)
    return key


def key_of(resource: Resource, obj: Object) -> Key:
    """Return the key of an object."""
    metadata = obj["metadata"]
    return Key(resource, metadata.get("namespace", ""), metadata["name"])
