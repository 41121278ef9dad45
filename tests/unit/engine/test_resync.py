"""Every ten minutes, and at the start, everything is looked at again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from plumbline.api.objects import Key
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.engine.resync import Resync
from plumbline.engine.versions import ServerRestored

from tests.sim.fakeapi.backends import CONFIG_MAP, WIDGET, Backend, fake_backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.unit.engine.clock import SetClock

ONE, TWO = Key(WIDGET, "here", "one"), Key(WIDGET, "here", "two")


class World:
    """A server, and what is known of it."""

    def __init__(self, backend: Backend) -> None:
        assert backend.fake
        self.api: FakeApi = backend.fake
        self.clock, self.cache = SetClock(), Cache()
        self.queue = Queue(clock=self.clock)
        self.resync = Resync(
            backend.client,
            self.cache,
            self.queue,
            (WIDGET, CONFIG_MAP),
            clock=self.clock,
            first_backoff_seconds=0.01,
        )

    def lists(self) -> int:
        return sum(call.verb == "list" for call in self.api.calls)


@asynccontextmanager
async def world() -> AsyncIterator[tuple[Backend, World]]:
    async with fake_backend() as backend:
        yield backend, World(backend)


async def test_what_is_there_is_known_and_waits_behind_what_has_changed() -> None:
    async with world() as (backend, found):
        for name in ("one", "two"):
            await backend.create(WIDGET, name, spec={})
        await found.resync.once()
        assert found.cache.keys(WIDGET) == {ONE, TWO}
        found.queue.add(Key(WIDGET, "here", "changed"))
        assert (await found.queue.get()).name == "changed"
        assert {await found.queue.get(), await found.queue.get()} == {ONE, TWO}


async def test_what_is_gone_is_forgotten_but_not_what_is_newer_than_the_list() -> None:
    async with world() as (backend, found):
        one = await backend.create(WIDGET, "one", spec={})
        await found.resync.once()
        await backend.client.delete(backend.key(WIDGET, "one"), uid=one["metadata"]["uid"])
        newer = {"metadata": {"name": "two", "namespace": "here", "resourceVersion": "999"}}
        found.cache.observe(TWO, newer)
        await found.resync.once()
        assert found.cache.keys(WIDGET) == {TWO}


async def test_it_comes_every_600_seconds_and_not_before() -> None:
    async with world() as (_, found):
        task = asyncio.create_task(found.resync.run())
        for round_ in (1, 2):
            await eventually(lambda: found.clock.waiting == 1)
            found.clock.advance(599)
            assert found.clock.waiting == 1
            assert found.lists() == 2 * (round_ - 1)
            found.clock.advance(1)
            await eventually(lambda number=round_: found.lists() == 2 * number)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_kind_that_cannot_be_listed_is_tried_again_and_holds_up_no_other() -> None:
    async with world() as (backend, found):
        await backend.create(CONFIG_MAP, "one", data={})
        assert found.resync.unlisted() == [WIDGET, CONFIG_MAP]
        found.api.faults.add("error", verb="list", plural="widgets", times=50)
        task = asyncio.create_task(found.resync.once())
        await eventually(lambda: found.resync.unlisted() == [WIDGET])
        assert len(found.cache.keys(CONFIG_MAP)) == 1
        found.api.faults.waiting.clear()
        await asyncio.wait_for(task, 10)
        assert found.resync.unlisted() == []


async def test_a_server_that_was_restored_from_a_backup_makes_the_process_begin_anew() -> None:
    async with world() as (backend, found):
        await backend.create(WIDGET, "one", spec={"size": 1})
        version, backup = found.api.store.version, dict(found.api.store.objects)
        await backend.client.merge(backend.key(WIDGET, "one"), {"spec": {"size": 2}})
        await found.resync.once()
        await found.resync.once()
        found.api.store.version, found.api.store.objects = version, backup
        with pytest.raises(ServerRestored):
            await found.resync.once()
