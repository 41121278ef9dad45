"""An object that is not as this version expects says so, and keeps nobody else from working."""

from typing import Any

import pytest
from plumbline.api import names
from plumbline.api.objects import Resource
from plumbline.api.resources import JOB
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE

from tests.sim.fakeapi.backends import Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import running, world
from tests.sim.shell.world import dataset, goes_on, template, training_run, until

NULLS = dict.fromkeys(("labels", "annotations", "ownerReferences", "finalizers"))


async def store(
    backend: Backend, api: FakeApi, resource: Resource, name: str, **parts: Any
) -> dict[str, Any]:
    """Put parts into a stored object that the API server would not let in now."""
    obj = api.store.objects[backend.key(resource, name)]
    metadata = {**obj["metadata"], **parts.pop("metadata", {})}
    return api.store._put(backend.key(resource, name), {**obj, **parts, "metadata": metadata})


def ready(api: FakeApi, backend: Backend, resource: Resource, name: str) -> dict[str, Any]:
    status = api.store.objects[backend.key(resource, name)].get("status") or {}
    found = (each for each in status.get("conditions", ()) if each["type"] == "Ready")
    return next(found, {"reason": "", "message": ""})


@pytest.mark.parametrize("early", [True, False], ids=["before the start", "amid the work"])
async def test_a_status_of_a_newer_version_is_said_on_the_object_and_its_readers(
    early: bool,
) -> None:
    newer = {"observedGeneration": 1, "verdict": "Waived", "extra": {"a": 1}}
    async with world() as (backend, api):
        await training_run(backend, "odd")
        deployment = {"model": {"runRef": {"name": "odd"}}}
        await backend.create(MODEL_DEPLOYMENT, "reader", spec=deployment)
        if early:
            await store(backend, api, TRAINING_RUN, "odd", status=newer)
        async with running(api) as operator:
            if not early:
                await until(api, odd="DatasetNotFound")
                await store(backend, api, TRAINING_RUN, "odd", status=newer)
            await until(api, odd="ObjectUnreadable", reader="ObjectUnreadable")
            said = ready(api, backend, MODEL_DEPLOYMENT, "reader")["message"]
            assert "cannot read TrainingRun odd: status.verdict: " in said
            assert "Waived" not in said
            kept = api.store.objects[backend.key(TRAINING_RUN, "odd")]["status"]
            assert kept["verdict"] == "Waived"
            assert kept["extra"] == {"a": 1}
            await training_run(backend, "other")
            await until(api, other="DatasetNotFound")
            await store(backend, api, TRAINING_RUN, "odd", status={})
            await until(api, odd="DatasetNotFound")
            await goes_on(backend, api, operator)
            assert operator.starts == 1


@pytest.mark.parametrize("early", [True, False], ids=["before the start", "amid the work"])
async def test_what_is_null_or_missing_ends_nothing_and_hides_no_other(early: bool) -> None:
    async with world() as (backend, api):

        async def odd() -> None:
            for resource in (DATASET, TRAINING_TEMPLATE, TRAINING_RUN):
                await backend.create(resource, "odd")
                await store(backend, api, resource, "odd", metadata=NULLS, status=None, spec=None)
            for resource in (MODEL_DEPLOYMENT, DRIFT_MONITOR):
                await backend.create(resource, "odd")
                await store(backend, api, resource, "odd", metadata=NULLS)
            labels = {names.MANAGED_BY: names.MANAGER}
            await backend.create(JOB, "odd", spec={"suspend": True})
            await store(backend, api, JOB, "odd", metadata={**NULLS, "labels": labels})

        if early:
            await odd()
        async with running(api) as operator:
            if not early:
                await odd()
            await dataset(backend)
            await template(backend)
            await until(api, data="Profiling")
            for resource in (DATASET, TRAINING_TEMPLATE, TRAINING_RUN, DRIFT_MONITOR):

                def is_said(resource: Resource = resource) -> bool:
                    return ready(api, backend, resource, "odd")["reason"] == "ObjectUnreadable"

                await eventually(is_said, why=lambda: api.store.objects)
            await goes_on(backend, api, operator)
            assert operator.starts == 1
