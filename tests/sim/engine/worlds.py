"""What a test says about the world: what is in it, and when it has come to rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from plumbline.api.objects import Key, Resource

from tests.sim.engine.operator import Operator
from tests.sim.fakeapi.backends import CONFIG_MAP, JOB, WIDGET, Backend, fake_backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually

Object = dict[str, Any]
WATCHED = (WIDGET, JOB, CONFIG_MAP)
CHANGING = ("uid", "resourceVersion", "creationTimestamp")


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[tuple[Backend, FakeApi]]:
    async with fake_backend(**options) as backend:
        assert backend.fake
        yield backend, backend.fake


def reason(api: FakeApi, name: str = "one") -> str:
    """Return the reason of a Widget's Ready condition."""
    widget = api.store.objects.get(Key(WIDGET, "here", name), {})
    conditions = widget.get("status", {}).get("conditions") or [{"reason": ""}]
    return str(conditions[0]["reason"])


def names(api: FakeApi, resource: Resource) -> list[str]:
    return sorted(key.name for key in api.store.objects if key.resource == resource)


async def finish_job(backend: Backend, name: str = "one") -> None:
    """Let a Job succeed, as the cluster does."""
    job = await backend.client.get(backend.key(JOB, name))
    await backend.client.replace_status(backend.key(JOB, name), job | {"status": {"succeeded": 1}})


async def until_agreed(operator: Operator, api: FakeApi) -> None:
    """Wait until the cache holds exactly what the server holds, and nothing waits."""

    def agrees() -> bool:
        held = {
            k: v for k, v in api.store.objects.items() if k.resource in (WIDGET, JOB, CONFIG_MAP)
        }
        known = {
            key: operator.cache.get(key)
            for resource in WATCHED
            for key in operator.cache.keys(resource)
        }
        idle = not len(operator.queue) and not operator.queue.longest_work()[1]
        return _versions(held) == _versions(known) and idle

    await eventually(agrees)


def picture(api: FakeApi) -> dict[str, Object]:
    """Return the world without what differs from one telling to the next."""
    return {f"{k.resource.kind}/{k.name}": _still(v) for k, v in api.store.objects.items()}


def _versions(objects: dict[Key, Any]) -> dict[Key, str]:
    return {key: obj["metadata"]["resourceVersion"] for key, obj in objects.items()}


def _still(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _still(inner)
            for key, inner in value.items()
            if key not in CHANGING and not key.endswith(("Time", "Timestamp", "/applied"))
        }
    return [_still(inner) for inner in value] if isinstance(value, list) else value
