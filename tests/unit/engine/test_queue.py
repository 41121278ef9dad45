"""The queue never loses a key, never hands one out twice, and never comes too early."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plumbline.api.objects import Key, Resource
from plumbline.engine.queue import URGENT_IN_A_ROW, Queue

from tests.unit.engine.clock import SetClock

KIND = Resource("example.org", "v1", "Thing", "things")


def key(name: str) -> Key:
    return Key(KIND, "here", name)


async def taken(queue: Queue) -> list[str]:
    """Take and finish all keys that wait."""
    found = []
    while len(queue):
        each = await queue.get()
        found.append(each.name)
        queue.done(each)
    return found


async def test_a_key_that_is_added_often_comes_once() -> None:
    queue = Queue()
    for _ in range(3):
        queue.add(key("a"))
        queue.add(key("a"), urgent=False)
    assert await taken(queue) == ["a"]


async def test_a_key_that_changes_while_it_is_worked_on_comes_again_afterwards() -> None:
    queue = Queue()
    queue.add(key("a"))
    working = await queue.get()
    queue.add(key("a"))
    assert len(queue) == 0
    queue.done(working)
    assert await taken(queue) == ["a"]


async def test_what_users_change_goes_before_what_is_only_looked_at_again() -> None:
    queue = Queue()
    for name in ("old", "older"):
        queue.add(key(name), urgent=False)
    queue.add(key("edited"))
    queue.add(key("older"))
    assert await taken(queue) == ["edited", "older", "old"]


async def test_calm_keys_are_not_starved_by_urgent_ones() -> None:
    queue = Queue()
    queue.add(key("calm"), urgent=False)
    found = []
    for number in range(3 * URGENT_IN_A_ROW):
        queue.add(key(str(number)))
        each = await queue.get()
        found.append(each.name)
        queue.done(each)
    assert found.index("calm") == URGENT_IN_A_ROW


async def test_of_two_times_the_earlier_counts() -> None:
    clock = SetClock()
    queue = Queue(clock=clock)
    queue.add_at(key("a"), clock.now() + timedelta(seconds=30))
    queue.add_at(key("a"), clock.now() + timedelta(seconds=10))
    queue.add_at(key("a"), clock.now() + timedelta(seconds=20))
    clock.advance(9.9)
    assert len(queue) == 0
    clock.advance(0.2)
    assert await taken(queue) == ["a"]
    clock.advance(60)
    assert len(queue) == 0


async def test_failures_wait_longer_and_longer_and_a_success_forgives() -> None:
    clock = SetClock()
    queue = Queue(clock=clock)
    pauses = [queue.retry(key("a")) for _ in range(15)]
    assert 0.16 <= pauses[0] <= 0.24
    assert all(240 <= pause <= 360 for pause in pauses[-3:])
    assert all(before < after for before, after in pairwise(pauses[:8]))
    queue.succeeded(key("a"))
    assert queue.retry(key("a")) <= 0.24


async def test_a_conflict_is_tried_again_at_once_but_not_for_ever() -> None:
    clock = SetClock()
    queue = Queue(clock=clock)
    assert queue.retry_at_once(key("a")) == 0.0
    assert await taken(queue) == ["a"]
    assert queue.retry_at_once(key("a")) > 0.0
    assert len(queue) == 0


async def test_a_forgotten_key_is_not_due_any_more() -> None:
    clock = SetClock()
    queue = Queue(clock=clock)
    queue.retry(key("a"))
    queue.forget(key("a"))
    clock.advance(1000)
    assert len(queue) == 0


async def test_the_age_of_the_oldest_key_and_of_the_slowest_work_are_known() -> None:
    clock = SetClock()
    queue = Queue(clock=clock)
    assert (queue.oldest_seconds(), queue.longest_work()) == (0.0, (0.0, None))
    queue.add(key("a"))
    clock.advance(5)
    queue.add(key("b"))
    assert queue.oldest_seconds() == 5.0
    working = await queue.get()
    clock.advance(7)
    assert queue.longest_work() == (7.0, working)
    assert queue.oldest_seconds() == 7.0


async def test_a_worker_that_is_cancelled_as_it_is_woken_wakes_another() -> None:
    queue = Queue()
    first, second = (asyncio.create_task(queue.get()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add(key("a"))
    first.cancel()
    async with asyncio.timeout(1):
        assert await second == key("a")
    with pytest.raises(asyncio.CancelledError):
        await first


STEP = st.one_of(
    st.tuples(st.just("add"), st.sampled_from("abc"), st.booleans()),
    st.tuples(st.just("later"), st.sampled_from("abc"), st.integers(0, 20)),
    st.tuples(st.just("retry"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("take"), st.none(), st.none()),
    st.tuples(st.just("done"), st.integers(0, 5), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 15), st.none()),
)


@given(st.lists(STEP, max_size=60))
def test_no_key_is_lost_and_none_is_worked_on_twice_at_a_time(steps: list[tuple]) -> None:
    asyncio.run(_live(steps))


async def _live(steps: list[tuple]) -> None:
    """Live through the steps beside a naive model: which keys still owe a pass."""
    clock = SetClock()
    queue, working = Queue(clock=clock), Counter[Key]()
    owed: set[Key] = set()
    for what, first, second in steps:
        match what:
            case "add":
                queue.add(key(first), urgent=second)
                owed.add(key(first))
            case "later":
                queue.add_after(key(first), second)
                owed.add(key(first))
            case "retry":
                queue.retry(key(first))
                owed.add(key(first))
            case "take" if len(queue):
                each = await queue.get()
                working[each] += 1
                owed.discard(each)
                assert working[each] == 1
            case "done" if working:
                each = sorted(working)[first % len(working)]
                del working[each]
                queue.done(each)
            case "wait":
                clock.advance(first)
    for each in list(working):
        queue.done(each)
    clock.advance(1000)
    assert owed <= {key(name) for name in await taken(queue)}
    assert len(queue) == 0
