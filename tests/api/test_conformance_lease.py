"""Who leads, on the fake and on a real server alike."""

import asyncio
import time
from contextlib import suppress

import pytest
from plumbline.kube.client import Client
from plumbline.kube.errors import NotLeading
from plumbline.kube.lease import Election, LostLease, Terms

from tests.sim.fakeapi.backends import (
    CONFIG_MAP,
    LEASE,
    Backend,
    any_backend,  # noqa: F401
    fake_backend,
)
from tests.sim.fakeapi.waiting import eventually

QUICK = Terms(duration_seconds=1.0, renew_deadline_seconds=0.7, retry_seconds=0.1)


def election(backend: Backend, identity: str, terms: Terms = QUICK) -> Election:
    return Election(
        backend.client,
        namespace=backend.namespace,
        name="operator",
        identity=identity,
        terms=terms,
    )


async def holder(backend: Backend) -> str:
    lease = await backend.client.get(backend.key(LEASE, "operator"))
    return str(lease["spec"].get("holderIdentity", ""))


async def test_a_standby_takes_over_when_the_leader_falls_silent(backend: Backend) -> None:
    await election(backend, "first").acquire()
    started = time.monotonic()
    async with asyncio.timeout(10):
        await election(backend, "second").acquire()
    assert await holder(backend) == "second"
    assert time.monotonic() - started >= QUICK.duration_seconds


def test_by_default_a_standby_takes_over_within_twenty_seconds() -> None:
    terms = Terms()
    assert terms.duration_seconds + 2 * terms.retry_seconds < 20
    assert terms.renew_deadline_seconds + terms.retry_seconds < terms.duration_seconds


async def test_a_standby_looks_again_the_moment_the_lease_runs_out(backend: Backend) -> None:
    lazy = Terms(duration_seconds=1.0, renew_deadline_seconds=0.7, retry_seconds=60.0)
    await election(backend, "first").acquire()
    async with asyncio.timeout(30):
        await election(backend, "second", lazy).acquire()
    assert await holder(backend) == "second"


async def test_a_leader_that_was_frozen_wakes_up_and_writes_nothing(backend: Backend) -> None:
    now = time.monotonic()
    first = Election(
        backend.client,
        namespace=backend.namespace,
        name="operator",
        identity="first",
        monotonic=lambda: now,
    )
    async with Client(backend.connection, may_write=first.leads) as client:
        key = backend.key(CONFIG_MAP, "child")
        manifest = backend.manifest(CONFIG_MAP, "child", data={"text": "old"})
        with pytest.raises(NotLeading, match="create ConfigMap"):
            await client.create(key, manifest)
        await first.acquire()
        made = await client.create(key, manifest)
        now += Terms().renew_deadline_seconds
        with pytest.raises(NotLeading, match="merge into ConfigMap"):
            await client.merge(key, {"data": {"text": "new"}})
        with pytest.raises(NotLeading, match="delete ConfigMap"):
            await client.delete(key, uid=made["metadata"]["uid"])
        assert await client.get(key) == made


async def test_a_leader_that_renews_is_not_replaced(backend: Backend) -> None:
    first, second = election(backend, "first"), election(backend, "second")
    await first.acquire()
    keeping = asyncio.create_task(first.keep())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2 * QUICK.duration_seconds):
            await second.acquire()
    assert await holder(backend) == "first"
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_a_leader_that_ends_well_gives_the_lease_back(backend: Backend) -> None:
    patient = Terms(duration_seconds=60, renew_deadline_seconds=10, retry_seconds=0.1)
    first = election(backend, "first", patient)
    await first.acquire()
    await first.release()
    async with asyncio.timeout(5):
        await election(backend, "second", patient).acquire()
    assert await holder(backend) == "second"


async def test_a_leader_that_was_replaced_stops_at_once(backend: Backend) -> None:
    patient = Terms(duration_seconds=60, renew_deadline_seconds=50, retry_seconds=0.05)
    first = election(backend, "first", patient)
    await first.acquire()
    await backend.client.merge(
        backend.key(LEASE, "operator"), {"spec": {"holderIdentity": "second"}}
    )
    with pytest.raises(LostLease, match="second has the Lease that first had"):
        async with asyncio.timeout(5):
            await first.keep()
    await first.release()
    assert await holder(backend) == "second"


async def test_only_one_of_many_that_come_at_once_leads(backend: Backend) -> None:
    candidates = [election(backend, name) for name in "abcdef"]
    tasks = [asyncio.create_task(each.acquire()) for each in candidates]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    lease = await backend.client.get(backend.key(LEASE, "operator"))
    assert len(done) == 1
    assert lease["spec"]["leaseTransitions"] == 1
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("kind", ["reset", "error", "throttle", "conflict"])
async def test_errors_before_the_deadline_do_not_end_the_lead(kind: str) -> None:
    async with fake_backend() as backend:
        assert backend.fake
        faults = backend.fake.faults
        first = election(backend, "first")
        await first.acquire()
        faults.add(kind, plural="leases", times=3)
        keeping = asyncio.create_task(first.keep())
        await eventually(lambda: not faults.waiting)
        before = len(backend.fake.calls)
        await eventually(lambda: len(backend.fake.calls) > before + 4)
        assert not keeping.done()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_one_answer_that_never_comes_does_not_end_the_lead() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        first = election(backend, "first")
        await first.acquire()
        backend.fake.faults.add("hang", plural="leases", times=1)
        keeping = asyncio.create_task(first.keep())
        before = len(backend.fake.calls)
        await eventually(lambda: len(backend.fake.calls) > before + 4 or keeping.done())
        assert not keeping.done()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_giving_the_lease_back_to_a_server_that_is_gone_takes_no_time() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        first = election(backend, "first")
        await first.acquire()
        backend.fake.faults.add("hang", plural="leases", times=100)
        async with asyncio.timeout(10):
            await first.release()
        assert not first.leads()


async def test_a_server_that_never_answers_ends_the_lead_before_another_may_begin() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        first = election(backend, "first")
        await first.acquire()
        started = time.monotonic()
        backend.fake.faults.add("hang", plural="leases", times=100)
        with pytest.raises(LostLease, match="could not renew"):
            await first.keep()
        assert time.monotonic() - started < QUICK.duration_seconds
