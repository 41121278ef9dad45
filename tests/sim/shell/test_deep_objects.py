"""An object that no reader of JSON can read is passed over, and hides nothing else."""

import logging

import pytest
from plumbline.api.objects import Resource
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE
from plumbline.engine import unreadable
from plumbline.kube.client import PAGE

from tests.sim.fakeapi import levels
from tests.sim.fakeapi.backends import Backend
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import PROVE, Running, running, world
from tests.sim.shell.world import (
    dataset,
    delete,
    goes_on,
    jobs,
    training_run,
    until,
)

DEPTHS = (pytest.param(1_100, marks=PROVE), 5_000, pytest.param(100_000, marks=PROVE))
KINDS = (DATASET, TRAINING_TEMPLATE, TRAINING_RUN)


async def deep(backend: Backend, number: int, resource: Resource = TRAINING_RUN) -> None:
    await backend.create(resource, "deep", spec={"params": {"C": levels.of(number)}})


def told(operator: Running, resource: Resource = TRAINING_RUN) -> bool:
    """Return whether the metrics show the deep object."""
    gauge = f'{{kind="{resource.kind}",name="deep",namespace="here"}} 1.0'
    return f"plumbline_objects_unreadable{gauge}" in operator.metrics.text().decode()


@pytest.mark.parametrize("number", DEPTHS)
async def test_one_in_a_page_of_500_others_at_the_start_hides_none_of_them(number: int) -> None:
    async with world() as (backend, api):
        await deep(backend, number)
        others = [await training_run(backend, f"run-{index}") for index in range(PAGE)]
        async with running(api) as operator:
            waiting = {obj["metadata"]["name"]: "DatasetNotFound" for obj in others}
            await until(api, seconds=60, **waiting)
            assert told(operator)
            await goes_on(backend, api, operator)
            assert operator.starts == 1


@pytest.mark.parametrize("resource", KINDS, ids=lambda kind: kind.plural)
@pytest.mark.parametrize("number", [1_100, 5_000, 100_000])
async def test_one_that_is_added_to_an_open_watch_ends_it_not(
    number: int, resource: Resource, caplog: pytest.LogCaptureFixture
) -> None:
    async with world() as (backend, api), running(api) as operator:
        await deep(backend, number, resource)
        await eventually(lambda: told(operator, resource))
        await goes_on(backend, api, operator)
        assert operator.starts == 1
        assert operator.missing() == []
        lines = [r for r in caplog.records if r.name == unreadable.__name__]
        assert [line.levelno for line in lines] == [logging.ERROR]
        about = {"kind": resource.kind, "namespace": "here", "name": "deep"}
        assert vars(lines[0])["values"] == about


@pytest.mark.parametrize("number", DEPTHS)
async def test_one_that_is_mended_is_worked_on_and_one_that_goes_is_told_no_longer(
    number: int,
) -> None:
    async with world() as (backend, api), running(api) as operator:
        await deep(backend, number)
        await eventually(lambda: told(operator))
        spec = {"datasetRef": {"name": "data"}, "trainer": {"estimator": {"import": "a.B"}}}
        await backend.client.merge(
            backend.key(TRAINING_RUN, "deep"), {"spec": spec | {"params": None}}
        )
        await until(api, deep="DatasetNotFound")
        assert not told(operator)
        await backend.client.merge(
            backend.key(TRAINING_RUN, "deep"), {"spec": {"params": levels.of(number)}}
        )
        await eventually(lambda: told(operator))
        await delete(backend, TRAINING_RUN, "deep")
        await eventually(lambda: not told(operator))


async def test_one_that_has_gone_unheard_is_told_no_longer_after_a_list() -> None:
    async with world() as (backend, api), running(api) as operator:
        await deep(backend, 5_000)
        await eventually(lambda: told(operator))
        api.faults.lose_event("DELETED", "TrainingRun", "deep")
        await delete(backend, TRAINING_RUN, "deep")
        await eventually(lambda: not api.faults.lost)
        assert operator.operator
        await operator.operator.resync.once()
        assert not told(operator)


async def test_the_list_after_a_broken_watch_passes_over_it_too() -> None:
    async with world() as (backend, api), running(api) as operator:
        await dataset(backend)
        await until(api, data="Profiling")
        api.watches.cut()
        await deep(backend, 5_000)
        api.store.history.forget(before=api.store.version)
        await training_run(backend)
        await until(api, run="DatasetNotReady")
        assert told(operator)
        await goes_on(backend, api, operator)
        assert operator.starts == 1
        assert jobs(api) == ["data"]
