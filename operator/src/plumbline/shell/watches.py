"""The only kopf: its watches feed our kinds into the cache, and decide nothing.

Kopf brings the list, the watch and their retries; change handlers, timers, daemons and indexes are
left alone, since they keep state of their own and cost much at scale.
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import kopf

from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.kube.client import PAGE
from plumbline.kube.config import Connection
from plumbline.plan.registry import OURS


def registry(cache: Cache, connection: Connection) -> kopf.OperatorRegistry:
    """Return kopf's registry with one raw watch for each of our kinds."""
    found = kopf.OperatorRegistry()
    kopf.on.login(registry=found)(_login(connection))
    kopf.on.startup(registry=found)(_configure)
    for resource in OURS:
        kopf.on.event(
            resource.group, resource.version, resource.plural, registry=found, id=resource.plural
        )(_observer(resource, cache))
    return found


def _observer(resource: Resource, cache: Cache) -> Any:
    async def observe(event: dict[str, Any], **_: Any) -> None:
        obj = dict(event["object"])
        metadata = obj["metadata"]
        key = Key(resource, metadata.get("namespace", ""), metadata["name"])
        if event["type"] == "DELETED":
            cache.forget(key, obj=obj)
        else:
            cache.observe(key, obj)

    return observe


def _login(connection: Connection) -> Any:
    async def login(**_: Any) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=connection.session())

    return login


async def _configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.watching.chunk_size = PAGE
    settings.queueing.idle_timeout = 1
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = _Forever()
    settings.persistence.diffbase_storage = _NoDifference()


class _NoDifference(kopf.AnnotationsDiffBaseStorage):
    """No diffs: kopf would copy and compare every object for change handlers that nobody has."""

    def fetch(self, **_: Any) -> None:
        return None

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()


class _Forever:
    """Backoffs that never end: an API server that is down for a while must not end the operator."""

    def __iter__(self) -> Any:
        return itertools.chain((0.5, 1, 2, 3, 5), itertools.repeat(8))


class Ended(Exception):
    """The watches have ended although nobody has told them to; the process must end too."""


async def run(cache: Cache, connection: Connection, hear: Callable[[], None]) -> None:
    """Watch our kinds in every namespace until cancelled.

    Kopf takes the process' signals, and then waits for seconds before it ends; `hear()` takes them
    back. When one of its tasks ends, it would cancel every task of the process and wait for them:
    that is not left to it.

    Raises:
        Ended: a watch has ended by itself.
    """
    found = registry(cache, connection)
    tasks = await kopf.spawn_tasks(registry=found, clusterwide=True, standalone=True)
    hear()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    failures = [error for each in done if not each.cancelled() and (error := each.exception())]
    raise Ended("a watch of our kinds has ended") from next(iter(failures), None)
