"""Bad weather: faults, kills, edits and deletions in any order, and calm in the end."""

import random
from contextlib import suppress

import pytest
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.kube.errors import ApiError
from plumbline.plan.registry import OURS

from tests.sim.fakeapi.backends import Backend
from tests.sim.fakeapi.faults import Kind
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import PROVE, Running, running, world
from tests.sim.shell.world import (
    dataset,
    delete,
    goes_on,
    jobs,
    names_of,
    reasons,
    training_run,
    until_settled,
)

FAULTS: tuple[Kind, ...] = ("conflict", "throttle", "error", "reset", "reset_after", "slow")
NAMES = ("a", "b", "c")
SEEDS = [*range(3), *(pytest.param(seed, marks=PROVE) for seed in range(3, 12))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_the_weather_the_world_comes_right(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the seed of a test
    async with world(gone=rng.choice(("status", "stream"))) as (backend, api):
        for _ in range(rng.randint(1, 3)):
            killed_at = len(api.calls) + rng.randint(0, 12)  # while it begins, or later
            async with running(api, ready=False):
                for _ in range(rng.randint(3, 9)):
                    await _happen(rng, backend, api)
                await eventually(lambda number=killed_at: len(api.calls) >= number)
        api.faults.waiting.clear()
        api.faults.lost.clear()
        async with running(api) as operator:
            await _comes_right(api, operator)
            await goes_on(backend, api, operator)


async def _comes_right(api: FakeApi, operator: Running) -> None:
    """Wait until every Dataset has a Job, and every run says what it waits for."""

    def wrong() -> dict[str, str]:
        data = names_of(api, DATASET)
        wanted = {f"datasets/{name}": "Profiling" for name in data}
        for name in names_of(api, TRAINING_RUN):
            found = name in data
            wanted[f"trainingruns/{name}"] = "DatasetNotReady" if found else "DatasetNotFound"
        said = reasons(api)
        return {key: said.get(key, "") for key, why in wanted.items() if said.get(key) != why}

    await eventually(lambda: not wrong(), seconds=20, why=wrong)
    await until_settled(api, operator)
    assert jobs(api) == names_of(api, DATASET)


async def _happen(rng: random.Random, backend: Backend, api: FakeApi) -> None:
    """Let one thing happen that a cluster may do."""
    fault = {"only_writes": rng.random() < 0.5, "times": rng.randint(1, 2)}
    api.faults.add(rng.choice(FAULTS), skip=rng.randint(0, 3), **fault)
    match rng.randint(0, 7):
        case 0:
            rng.choice((api.watches.cut, api.watches.end, api.watches.fail))()
        case 1:
            api.watches.mute(*(resource.plural for resource in OURS))
        case 2:
            api.store.history.forget(before=api.store.version)
        case 3:
            kind, type_ = rng.choice(("Dataset", "TrainingRun")), rng.choice(("ADDED", "DELETED"))
            api.faults.lose_event(type_, kind, rng.choice(NAMES))
        case _:
            with suppress(ApiError):  # the weather keeps users from their work, too
                await _change(rng, backend, rng.choice(NAMES))


async def _change(rng: random.Random, backend: Backend, name: str) -> None:
    match rng.randint(0, 4):
        case 0:
            await delete(backend, rng.choice((DATASET, TRAINING_RUN)), name)
        case 1:
            key = backend.key(DATASET, name)
            await backend.client.merge(key, {"spec": {"format": rng.choice(("csv", "parquet"))}})
        case 2:
            await training_run(backend, name, data=name)
        case _:
            await dataset(backend, name)
