"""News that never arrives, arrives late, or cannot be asked for any more."""

import pytest
from plumbline.api.objects import Key

from tests.sim.engine.operator import running
from tests.sim.engine.worlds import finish_job, names, reason, until_agreed, world
from tests.sim.fakeapi.backends import CONFIG_MAP, JOB, WIDGET
from tests.sim.fakeapi.waiting import eventually


@pytest.mark.parametrize("gone", ["status", "stream"])
async def test_a_watch_that_is_too_old_is_begun_anew_and_ghosts_are_laid(gone: str) -> None:
    async with world(gone=gone) as (backend, api):
        for name in ("one", "two"):
            await backend.create(WIDGET, name, spec={"size": 1})
        async with running(backend.connection) as operator:
            await eventually(lambda: reason(api, "one") == reason(api, "two") == "Running")
            await until_agreed(operator, api)
            two = api.store.objects[Key(WIDGET, "here", "two")]
            api.watches.cut()
            await backend.client.delete(backend.key(WIDGET, "two"), uid=two["metadata"]["uid"])
            await eventually(lambda: names(api, JOB) == ["one"])
            await backend.create(WIDGET, "three", spec={"size": 1})
            api.store.history.forget(before=api.store.version)
            await eventually(lambda: reason(api, "three") == "Running")
            await until_agreed(operator, api)
            assert operator.cache.get(Key(WIDGET, "here", "two")) is None
            assert operator.cache.get(Key(JOB, "here", "two")) is None


async def test_a_broken_watch_goes_on_where_it_was_without_a_list() -> None:
    async with world() as (backend, api), running(backend.connection) as operator:
        await eventually(lambda: api.watches.open == 3)
        api.calls.clear()
        api.watches.cut()
        await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running")
        await until_agreed(operator, api)
    assert [call for call in api.calls if call.verb == "list"] == []


async def test_a_list_whose_pages_expire_is_read_anew() -> None:
    async with world() as (backend, api):
        await backend.create(WIDGET, "one", spec={"size": 1})
        api.faults.add("expire", verb="list", plural="widgets")
        async with running(backend.connection):
            await eventually(lambda: reason(api) == "Running")


@pytest.mark.parametrize("type", ["ADDED", "MODIFIED", "DELETED"])
async def test_an_event_that_is_lost_is_made_good_by_the_next_list(type: str) -> None:
    async with world() as (backend, api), running(backend.connection, relist_seconds=0.3) as op:
        await eventually(lambda: api.watches.open == 3)
        if type == "ADDED":
            api.faults.lose_event(type, "Widget", "one")
        made = await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running")
        if type == "MODIFIED":
            await until_agreed(op, api)
            api.faults.lose_event(type, "Widget", "one")
            await backend.client.merge(backend.key(WIDGET, "one"), {"spec": {"size": 2}})
            settings = Key(CONFIG_MAP, "here", "one")
            await eventually(lambda: api.store.objects[settings]["data"] == {"size": "2"})
        if type == "DELETED":
            api.faults.lose_event(type, "Widget", "one")
            await backend.client.delete(backend.key(WIDGET, "one"), uid=made["metadata"]["uid"])
            await eventually(lambda: op.cache.get(Key(WIDGET, "here", "one")) is None)
        await until_agreed(op, api)


async def test_echoes_that_are_lost_do_no_harm_since_answers_are_news_too() -> None:
    async with world() as (backend, api), running(backend.connection) as operator:
        await eventually(lambda: api.watches.open == 3)
        api.faults.lose_event("ADDED", "Job", "one")
        api.faults.lose_event("ADDED", "ConfigMap", "one")
        api.faults.lose_event("MODIFIED", "Widget", "one")
        await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running" and not api.faults.lost)
        await until_agreed(operator, api)
        assert len(api.writes()) == 1 + len(("Job", "ConfigMap", "status"))


async def test_a_job_that_ends_while_nobody_looks_is_seen_after_the_restart() -> None:
    async with world() as (backend, api):
        await backend.create(WIDGET, "one", spec={"size": 1})
        async with running(backend.connection):
            await eventually(lambda: reason(api) == "Running")
        await finish_job(backend)
        async with running(backend.connection):
            await eventually(lambda: reason(api) == "Done")


async def test_a_widget_made_again_under_the_same_name_gets_children_of_its_own() -> None:
    async with world() as (backend, api), running(backend.connection) as operator:
        first = await backend.create(WIDGET, "one", spec={"size": 1})
        await eventually(lambda: reason(api) == "Running")
        await backend.client.delete(backend.key(WIDGET, "one"), uid=first["metadata"]["uid"])
        second = await backend.create(WIDGET, "one", spec={"size": 1})

        def has_own_job() -> bool:
            job = api.store.objects.get(Key(JOB, "here", "one"))
            uid = job and job["metadata"]["ownerReferences"][0]["uid"]
            return bool(uid == second["metadata"]["uid"]) and reason(api) == "Running"

        await eventually(has_own_job)
        await until_agreed(operator, api)
