"""Whatever goes wrong between the operator and the API server: when it is over, work goes on.

Kopf ends at some of these; the operator is started again then, as its pod would be.
"""

from collections.abc import Awaitable, Callable

import pytest
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.engine.resync import RESYNC_SECONDS
from plumbline.plan.registry import OURS

from tests.sim.fakeapi.backends import Backend
from tests.sim.fakeapi.faults import Kind
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import PROVE, running, world
from tests.sim.shell.world import (
    dataset,
    delete,
    goes_on,
    training_run,
    until,
    until_settled,
    writes_nothing_again,
)

OURS_PLURALS = tuple(resource.plural for resource in OURS)
SHORT: tuple[Kind, ...] = (
    *("error", "throttle", "reset", "expire", "slow", "hang", "unauthorized", "forbidden"),
)
TIMES: dict[Kind, int] = {"slow": 1}  # What is only slow is not tried again.
# What Kopf may not outlive: the process ends, and begins anew. After a 401 it logs in again, but
# closes the session under watches that were open.
FATAL = ("expire", "unauthorized")


async def begun(backend: Backend, api: FakeApi) -> None:
    """Have something that the operator has seen."""
    await dataset(backend)
    await training_run(backend)
    await until(api, data="Profiling", run="DatasetNotReady")


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_a_server_that_fails_for_a_while_at_the_start_keeps_nobody_from_working(
    verb: str, kind: Kind
) -> None:
    async with world() as (backend, api):
        await dataset(backend)
        for plural in OURS_PLURALS:
            api.faults.add(
                kind, verb=verb, plural=plural, times=TIMES.get(kind, 2), skip=verb == "list"
            )
        async with running(api, ready=False) as operator:
            await eventually(lambda: not api.faults.waiting, seconds=30)
            await eventually(lambda: not operator.missing(), seconds=30, why=operator.missing)
            await until(api, data="Profiling")
            await goes_on(backend, api, operator)
            assert operator.starts == 1 or kind in FATAL


@pytest.mark.parametrize("kind", SHORT)
async def test_a_server_that_fails_for_a_while_amid_the_work_stops_it_no_longer(kind: Kind) -> None:
    async with world() as (backend, api), running(api) as operator:
        await begun(backend, api)
        for plural in OURS_PLURALS:
            api.faults.add(kind, verb="watch", plural=plural, times=TIMES.get(kind, 2))
        api.watches.cut()
        await delete(backend, DATASET, "data")
        await eventually(lambda: not api.faults.waiting, seconds=30)
        await until(api, run="DatasetNotFound")
        await goes_on(backend, api, operator)
        assert operator.starts == 1 or kind in FATAL


Break = Callable[[FakeApi], Awaitable[None] | None]
BREAKS: dict[str, Break] = {
    "cut": lambda api: api.watches.cut(),
    "ended by the server": lambda api: api.watches.end(),
    "silent": lambda api: api.watches.mute(*OURS_PLURALS),
    "failed by the server": lambda api: api.watches.fail(),
}


@pytest.mark.parametrize("gone", ["status", pytest.param("stream", marks=PROVE)])
@pytest.mark.parametrize("forgotten", [False, True], ids=["known", "too old"])
@pytest.mark.parametrize("how", BREAKS)
async def test_a_watch_that_breaks_loses_nothing_that_happens_meanwhile(
    how: str, forgotten: bool, gone: str
) -> None:
    async with world(gone=gone) as (backend, api), running(api) as operator:
        await begun(backend, api)
        BREAKS[how](api)
        await delete(backend, DATASET, "data")
        await dataset(backend, "other")
        if forgotten:
            api.store.history.forget(before=api.store.version)
        await eventually(lambda: all(map(api.watches.live, OURS_PLURALS)), seconds=20)
        await until(api, other="Profiling")
        if forgotten and operator.starts == 1:  # Kopf's new list does not tell what is gone.
            operator.clock.advance(RESYNC_SECONDS)
        await until(api, run="DatasetNotFound")
        await goes_on(backend, api, operator)


async def test_a_server_that_is_away_for_a_while_ends_nothing() -> None:
    async with world() as (backend, api), running(api) as operator:
        await begun(backend, api)
        await api.go_away()
        await eventually(lambda: len(operator.missing()) == len(OURS), why=operator.missing)
        await api.come_back()
        await eventually(lambda: not operator.missing(), seconds=20, why=operator.missing)
        await delete(backend, DATASET, "data")
        await until(api, run="DatasetNotFound")
        await goes_on(backend, api, operator)
        assert operator.starts == 1


async def test_a_kind_that_cannot_be_watched_for_long_is_a_reason_to_start_again() -> None:
    async with world() as (_, api), running(api) as operator:
        assert operator.operator
        trouble = operator.operator.trouble
        api.faults.add("error", verb="watch", plural="datasets", times=10**6)
        api.watches.cut()
        await eventually(lambda: operator.missing() == ["The watch of datasets is not open."])
        assert trouble() == []
        operator.clock.advance(299)
        await eventually(lambda: trouble() == [], why=trouble)
        operator.clock.advance(2)
        silent = "the watch of datasets has been silent for 301 s"
        await eventually(lambda: trouble() == [silent], why=trouble)


@pytest.mark.parametrize("type", ["ADDED", "MODIFIED", "DELETED"])
async def test_news_that_is_lost_is_made_good_600_seconds_after_the_start(type: str) -> None:
    async with world() as (backend, api), running(api) as operator:
        await training_run(backend)
        await until(api, run="DatasetNotFound")
        if type != "ADDED":
            await dataset(backend)
            await until(api, run="DatasetNotReady", data="Profiling")
        await until_settled(api, operator)
        api.faults.lose_event(type, "Dataset", "data")
        if type == "ADDED":
            await dataset(backend)
        elif type == "MODIFIED":
            change = {"spec": {"format": "parquet"}}
            await backend.client.merge(backend.key(DATASET, "data"), change)
        else:
            await delete(backend, DATASET, "data")
        await eventually(lambda: not api.faults.lost)
        await training_run(backend, "later", data="none")
        await until(api, later="DatasetNotFound")
        assert "Dataset data" in operator.disagreements(api)
        operator.clock.advance(RESYNC_SECONDS - 1)
        await training_run(backend, "still-later", data="none")
        await until(api, **{"still-later": "DatasetNotFound"})
        assert "Dataset data" in operator.disagreements(api)
        operator.clock.advance(1)
        await until(api, run="DatasetNotFound" if type == "DELETED" else "DatasetNotReady")
        await until_settled(api, operator)
        await goes_on(backend, api, operator)


WRITES = (
    "create configmaps",
    "create jobs",
    "update_status datasets",
    "update_status trainingruns",
)


@pytest.mark.parametrize("kind", ["hang", "hang_after"])
@pytest.mark.parametrize("where", WRITES)
async def test_a_kill_at_any_write_changes_nothing_in_the_end(where: str, kind: Kind) -> None:
    verb, plural = where.split()
    async with world() as (backend, api):
        await dataset(backend)
        await training_run(backend)
        api.faults.add(kind, verb=verb, plural=plural)
        async with running(api, ready=False):
            await eventually(lambda: not api.faults.waiting)
        async with running(api) as operator:
            await until(api, data="Profiling", run="DatasetNotReady")
            await until_settled(api, operator)
            await writes_nothing_again(api, operator)
            await goes_on(backend, api, operator)


@pytest.mark.parametrize(
    "kind",
    [*("conflict", "reset_after"), *(pytest.param(kind, marks=PROVE) for kind in SHORT[:3])],
)
@pytest.mark.parametrize("where", WRITES)
async def test_a_write_that_fails_once_is_tried_again(where: str, kind: Kind) -> None:
    verb, plural = where.split()
    async with world() as (backend, api), running(api) as operator:
        api.faults.add(kind, verb=verb, plural=plural)
        await begun(backend, api)
        await eventually(lambda: not api.faults.waiting)
        await until_settled(api, operator)
        await goes_on(backend, api, operator)
        assert operator.starts == 1


async def test_a_restart_on_a_settled_world_writes_nothing() -> None:
    async with world() as (backend, api):
        async with running(api) as operator:
            await begun(backend, api)
            await until_settled(api, operator)
        api.calls.clear()
        async with running(api) as operator:
            await until_settled(api, operator)
            await writes_nothing_again(api, operator)
            assert backend.key(TRAINING_RUN, "run") in api.store.objects
