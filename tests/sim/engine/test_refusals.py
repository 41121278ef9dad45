"""Answers that are not what was asked for."""

import pytest
from plumbline.api.objects import Key

from tests.sim.engine.operator import running
from tests.sim.engine.worlds import names, reason, until_agreed, world
from tests.sim.fakeapi.backends import CONFIG_MAP, JOB, WIDGET
from tests.sim.fakeapi.faults import Kind
from tests.sim.fakeapi.waiting import eventually


@pytest.mark.parametrize("kind", ["conflict", "throttle", "error", "reset", "reset_after"])
@pytest.mark.parametrize("where", ["create jobs", "patch configmaps", "update_status widgets"])
async def test_a_write_that_fails_once_is_tried_again(where: str, kind: Kind) -> None:
    verb, plural = where.split()
    async with world() as (backend, api), running(backend.connection) as operator:
        api.faults.add(kind, verb=verb, plural=plural)
        await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running" and not api.faults.waiting)
        await until_agreed(operator, api)
        assert names(api, JOB) == names(api, CONFIG_MAP) == ["one"]


@pytest.mark.parametrize("kind", ["throttle", "error", "reset", "expire"])
@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_a_server_that_is_down_for_a_while_ends_nothing(verb: str, kind: Kind) -> None:
    async with world() as (backend, api):
        api.faults.add(kind, verb=verb, times=4)
        await backend.create(WIDGET, "one", spec={"size": 1})
        async with running(backend.connection) as operator:
            await eventually(lambda: reason(api) == "Running" and not api.faults.waiting)
            await until_agreed(operator, api)


async def test_a_conflict_with_a_lost_echo_heals_by_itself() -> None:
    async with world() as (backend, api), running(backend.connection) as operator:
        await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running")
        await until_agreed(operator, api)
        api.faults.lose_event("MODIFIED", "Widget", "one")
        await backend.client.merge(backend.key(WIDGET, "one"), {"spec": {"size": 2}})
        operator.queue.add(Key(WIDGET, "here", "one"))
        job = await backend.client.get(backend.key(JOB, "one"))
        done = job | {"status": {"succeeded": 1}}
        await backend.client.replace_status(backend.key(JOB, "one"), done)
        await eventually(lambda: reason(api) == "Done")
        await until_agreed(operator, api)


async def test_a_name_taken_by_somebody_else_is_told_and_left_alone() -> None:
    async with world() as (backend, api):
        theirs = await backend.create(CONFIG_MAP, "one", data={"theirs": "yes"})
        await backend.create(WIDGET, "one", spec={"size": 1})
        async with running(backend.connection) as operator:
            await eventually(lambda: bool(operator.told))
            assert "ConfigMap here/one exists" in str(operator.told[Key(WIDGET, "here", "one")])
        assert api.store.objects[Key(CONFIG_MAP, "here", "one")] == theirs


async def test_a_request_that_hangs_holds_up_one_object_only() -> None:
    async with world() as (backend, api), running(backend.connection):
        api.faults.add("hang", verb="create", plural="jobs", name="")
        await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: not api.faults.waiting)
        for name in ("two", "three", "four", "five"):
            await backend.create(WIDGET, name, spec={"size": 1})
        await eventually(lambda: all(reason(api, n) == "Running" for n in ("two", "five")))
        assert reason(api) == ""
