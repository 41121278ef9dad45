"""Every error leads somewhere: to another try, to a person, or to a log."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from plumbline.api.objects import Key, Resource
from plumbline.engine.ownership import Leftover, NameConflict
from plumbline.engine.queue import Queue
from plumbline.engine.worker import SLOW_SECONDS, Workers
from plumbline.kube.errors import (
    Conflict,
    Forbidden,
    Invalid,
    QuotaExceeded,
    Throttled,
    Unavailable,
)
from plumbline.log_lines import Text

from tests.sim.fakeapi.waiting import eventually
from tests.unit.engine.clock import SetClock

KEY = Key(Resource("example.org", "v1", "Thing", "things"), "here", "one")


class Shop:
    """Workers on one key, whose reconcile does what a test says."""

    def __init__(self, reconcile: Callable[[], Awaitable[datetime | None]]) -> None:
        self.clock = SetClock()
        self.queue = Queue(clock=self.clock)
        self.passes = 0
        self.results: list[str] = []
        self.told: list[str] = []
        self.telling_fails = False
        self._act = reconcile
        self._workers = Workers(
            self.queue, reconcile=self._reconcile, report=self._tell, metrics=self, clock=self.clock
        )

    async def work(self) -> None:
        """Work until nothing waits."""
        task = asyncio.create_task(self._workers.run(2))
        await eventually(lambda: not len(self.queue) and not self.queue.longest_work()[1])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def passes_after(self, seconds: float) -> int:
        self.clock.advance(seconds)
        await self.work()
        return self.passes

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        self.results.append(f"{controller} {result}")

    async def _reconcile(self, key: Key) -> datetime | None:
        self.passes += 1
        return await self._act()

    async def _tell(self, key: Key, error: Exception) -> None:
        if self.telling_fails:
            raise Unavailable("down")
        self.told.append(str(error))


def failing(error: Exception) -> Shop:
    async def fail() -> None:
        raise error

    shop = Shop(fail)
    shop.queue.add(KEY)
    return shop


async def test_a_conflict_is_tried_again_at_once_and_then_with_a_pause() -> None:
    shop = failing(Conflict("changed"))
    await shop.work()
    assert shop.passes == 2
    assert await shop.passes_after(1) == 3


async def test_a_server_that_asks_for_time_gets_it() -> None:
    shop = failing(Throttled("busy", retry_after_seconds=7))
    await shop.work()
    assert await shop.passes_after(6.9) == 1
    assert await shop.passes_after(0.2) == 2


@pytest.mark.parametrize("error", [Unavailable("down"), Leftover("old"), ZeroDivisionError("bug")])
async def test_what_may_pass_by_itself_backs_off(error: Exception) -> None:
    shop = failing(error)
    await shop.work()
    assert shop.results == ["thing error"]
    assert shop.told == []
    assert await shop.passes_after(0.25) == 2
    assert await shop.passes_after(0.25) == 2


@pytest.mark.parametrize(
    "error", [Invalid("no"), Forbidden("no"), QuotaExceeded("no"), NameConflict("no")]
)
async def test_what_needs_a_person_is_told_and_tried_slowly(error: Exception) -> None:
    shop = failing(error)
    await shop.work()
    assert shop.told == ["no"]
    assert await shop.passes_after(SLOW_SECONDS - 1) == 1
    assert await shop.passes_after(2) == 2


async def test_a_telling_that_fails_does_not_end_the_worker() -> None:
    shop = failing(Invalid("no"))
    shop.telling_fails = True
    await shop.work()
    assert await shop.passes_after(SLOW_SECONDS + 1) == 2


async def test_a_bug_is_traced_once_and_not_at_every_try(caplog: pytest.LogCaptureFixture) -> None:
    shop = failing(ZeroDivisionError("bug"))
    with caplog.at_level(logging.ERROR):
        for _ in range(4):
            await shop.passes_after(400)
    traces = [record for record in caplog.records if record.exc_info]
    assert len(traces) == 1
    assert len(caplog.records) == shop.passes == 4


async def test_every_line_of_a_pass_names_the_object() -> None:
    shop, stream = failing(Invalid("no")), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Text({}))
    logging.getLogger("plumbline").addHandler(handler)
    try:
        await shop.work()
    finally:
        logging.getLogger("plumbline").removeHandler(handler)
    (line,) = stream.getvalue().splitlines()
    said = "WARNING reconcile refused kind=Thing namespace=here name=one"
    assert f'{said} error="Invalid: no" retry_seconds=' in line


async def test_an_object_that_asks_to_be_looked_at_again_is() -> None:
    shop = Shop(lambda: later())

    async def later() -> datetime:
        return shop.clock.now() + timedelta(seconds=60)

    shop.queue.add(KEY)
    await shop.work()
    assert shop.results == ["thing requeue_after"]
    assert await shop.passes_after(59) == 1
    assert await shop.passes_after(2) == 2


async def test_a_success_forgives_earlier_failures() -> None:
    errors: list[Exception] = [Unavailable("down")] * 5

    async def mend() -> None:
        if errors:
            raise errors.pop()

    shop = Shop(mend)
    shop.queue.add(KEY)
    await shop.passes_after(0)
    while errors:
        await shop.passes_after(1)
    await shop.passes_after(10)
    assert shop.results[-1] == "thing success"
    assert shop.queue.retry(KEY) < 0.3
