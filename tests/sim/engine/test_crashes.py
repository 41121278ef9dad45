"""The operator is killed at every write, before the server has done it and after."""

from typing import Any

import pytest

from tests.sim.engine.operator import running
from tests.sim.engine.worlds import finish_job, names, picture, reason, until_agreed, world
from tests.sim.fakeapi.backends import CONFIG_MAP, EVENT, JOB, WIDGET, Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually

WRITES = (
    "create jobs",
    "patch configmaps",
    "update_status widgets",
    "update_status widgets",
    "delete configmaps",
    "create events",
)


async def story(backend: Backend, api: FakeApi, *, until: Any = None) -> None:
    """Live through a Widget's whole life under one operator, or until it is killed."""
    async with running(backend.connection) as operator:
        await eventually(lambda: (until and until()) or reason(api) in ("Running", "Done"))
        if until and until():
            return
        if reason(api) == "Running":
            await finish_job(backend)
        await eventually(lambda: (until and until()) or bool(names(api, EVENT)))
        if not until or not until():
            await until_agreed(operator, api)


async def test_an_uninjured_life_needs_six_writes() -> None:
    async with world() as (backend, api):
        await backend.create(WIDGET, "one", spec={"size": 1})
        await story(backend, api)
        told = [f"{call.verb} {call.plural}" for call in api.writes()]
    by_others = ("create widgets", "update_status jobs")
    assert tuple(each for each in told if each not in by_others) == WRITES


@pytest.mark.parametrize("kind", ["hang", "hang_after"])
@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
async def test_a_kill_at_any_write_changes_nothing_in_the_end(number: int, kind: str) -> None:
    async with world() as (backend, api):
        await backend.create(WIDGET, "one", spec={"size": 1})
        await story(backend, api)
        unharmed = picture(api)
    async with world() as (backend, api):
        await backend.create(WIDGET, "one", spec={"size": 1})
        verb, plural = WRITES[number].split()
        earlier = WRITES[:number].count(WRITES[number])
        api.faults.add(kind, verb=verb, plural=plural, skip=earlier)
        await story(backend, api, until=lambda: not api.faults.waiting)
        assert not api.faults.waiting
        await story(backend, api)
        made = [call for call in api.calls if (call.verb, call.plural) == ("create", "jobs")]
        assert _without_event_names(picture(api)) == _without_event_names(unharmed)
        assert names(api, JOB) == ["one"]
        assert names(api, CONFIG_MAP) == []
    assert len(made) <= 2


async def test_a_restart_on_a_settled_world_writes_nothing() -> None:
    async with world() as (backend, api):
        for name in ("a", "b", "c"):
            await backend.create(WIDGET, name, spec={"size": 1})
        async with running(backend.connection) as operator:
            await eventually(lambda: all(reason(api, name) == "Running" for name in "abc"))
            await until_agreed(operator, api)
        api.calls.clear()
        async with running(backend.connection) as operator:
            await eventually(lambda: operator.passes >= 3)
            await until_agreed(operator, api)
    assert api.writes() == []


def _without_event_names(picture: dict[str, Any]) -> dict[str, Any]:
    """Events are named after uids, which differ from one world to the next."""
    return {key: value for key, value in picture.items() if not key.startswith("Event/")}
