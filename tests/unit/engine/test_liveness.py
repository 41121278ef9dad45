"""The process is called dead when it is, and only then."""

import asyncio
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.engine.informer import Informer
from plumbline.engine.liveness import Liveness
from plumbline.engine.queue import Queue

from tests.sim.fakeapi.backends import WIDGET, fake_backend
from tests.sim.fakeapi.waiting import eventually
from tests.unit.engine.clock import SetClock

KEY = Key(Resource("example.org", "v1", "Thing", "things"), "here", "one")


def liveness(clock: SetClock, *informers: Informer) -> tuple[Liveness, Queue]:
    queue = Queue(clock=clock)
    return Liveness(queue, informers, clock=clock), queue


def test_a_replica_that_stands_by_is_alive_for_ever() -> None:
    clock = SetClock()
    unused: Any = None
    watched, _ = liveness(clock, Informer(unused, Cache(), KEY.resource, clock=clock))
    clock.advance(10_000)
    assert watched.trouble() == []


def test_a_loop_that_is_stuck_is_noticed() -> None:
    clock = SetClock()
    watched, _ = liveness(clock)
    watched.beat()
    clock.advance(9)
    assert watched.trouble() == []
    clock.advance(2)
    assert watched.trouble() == ["the event loop has been stuck for 11 s"]


async def test_a_queue_that_nobody_works_on_is_noticed() -> None:
    clock = SetClock()
    watched, queue = liveness(clock)
    queue.add(KEY)
    clock.advance(601)
    assert watched.trouble() == ["an object has waited in the queue for 601 s"]
    await queue.get()
    clock.advance(602)
    assert watched.trouble() == ["the reconcile of Thing here/one has taken 602 s so far"]


async def test_a_watch_that_hears_nothing_is_noticed() -> None:
    clock = SetClock()
    async with fake_backend() as backend:
        informer = Informer(backend.client, Cache(), WIDGET, clock=clock)
        watched, _ = liveness(clock, informer)
        task = asyncio.create_task(informer.run())
        await informer.synced.wait()
        clock.advance(299)
        assert watched.trouble() == []
        clock.advance(2)
        assert watched.trouble() == ["the watch of widgets has been silent for 301 s"]
        await backend.create(WIDGET, "one", spec={})
        await eventually(lambda: watched.trouble() == [])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
