"""Bad weather: faults, kills, edits and deletions in any order, and calm in the end."""

import random

import pytest
from plumbline.api.objects import Key
from plumbline.kube.errors import ApiError

from tests.sim.engine.operator import running
from tests.sim.engine.worlds import finish_job, names, reason, until_agreed, world
from tests.sim.fakeapi.backends import CONFIG_MAP, JOB, WIDGET, Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually

NAMES = ("a", "b", "c")
FAULTS = ("conflict", "throttle", "error", "reset", "reset_after")
TYPES, KINDS = ("ADDED", "MODIFIED", "DELETED"), ("Widget", "Job", "ConfigMap")


# A few seeds before each commit; the others are long evidence.
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(3, 12))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_the_weather_the_world_comes_right(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the seed of a test
    async with world(gone=rng.choice(("status", "stream"))) as (backend, api):
        for _ in range(rng.randint(1, 3)):
            async with running(backend.connection, relist_seconds=0.5):
                for _ in range(rng.randint(2, 8)):
                    await _happen(rng, backend, api)
                before = len(api.calls)
                await eventually(lambda seen=before: len(api.calls) > seen + rng.randint(0, 9))
        api.faults.waiting.clear()
        api.faults.lost.clear()
        async with running(backend.connection, relist_seconds=0.5) as operator:
            await eventually(lambda: _is_right(api), seconds=20)
            await until_agreed(operator, api)
            api.calls.clear()
            await operator.informers[0].relist()
            await until_agreed(operator, api)
        assert [call for call in api.writes() if call.plural != "events"] == []


async def _happen(rng: random.Random, backend: Backend, api: FakeApi) -> None:
    """Let one thing happen that a cluster may do."""
    name = rng.choice(NAMES)
    fault = {"only_writes": rng.random() < 0.7, "times": rng.randint(1, 2)}
    api.faults.add(rng.choice(FAULTS), skip=rng.randint(0, 3), **fault)
    match rng.randint(0, 6):
        case 0:
            api.watches.cut()
        case 1:
            api.store.history.forget(before=api.store.version)
        case 2:
            api.faults.lose_event(rng.choice(TYPES), rng.choice(KINDS), name)
        case _:
            await _change(rng, backend, name)


async def _change(rng: random.Random, backend: Backend, name: str) -> None:
    """Let a user or the cluster change something; the weather may keep them from it."""
    key = backend.key(WIDGET, name)
    try:
        match rng.randint(0, 4):
            case 0:
                await finish_job(backend, name)
            case 1:
                await backend.client.merge(key, {"spec": {"size": rng.randint(1, 9)}})
            case 2:
                uid = (await backend.client.get(key))["metadata"]["uid"]
                await backend.client.delete(key, uid=uid)
            case _:
                await backend.create(WIDGET, name, spec={"size": 1})
    except ApiError:
        return


def _is_right(api: FakeApi) -> bool:
    """Return whether every Widget has what it should have, and nothing else is left."""
    objects, widgets = api.store.objects, names(api, WIDGET)
    if names(api, JOB) != widgets:
        return False
    unfinished = []
    for name in widgets:
        widget, job = (objects[Key(kind, "here", name)] for kind in (WIDGET, JOB))
        done = bool(job.get("status", {}).get("succeeded"))
        mine = job["metadata"]["ownerReferences"][0]["uid"] == widget["metadata"]["uid"]
        if not mine or reason(api, name) != ("Done" if done else "Running"):
            return False
        unfinished += [] if done else [name]
    sizes = [str(objects[Key(WIDGET, "here", name)]["spec"]["size"]) for name in unfinished]
    held = [objects[Key(CONFIG_MAP, "here", n)]["data"]["size"] for n in names(api, CONFIG_MAP)]
    return names(api, CONFIG_MAP) == unfinished and held == sizes
