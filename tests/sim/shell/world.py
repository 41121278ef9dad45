"""What a test says about our kinds: what it applies, and what the operator has said of it."""

from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.api.resources import JOB
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE
from plumbline.plan.registry import OURS

from tests.sim.fakeapi.backends import Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import Running

HERE = "here"
Object = dict[str, Any]
ESTIMATOR = {"import": "sklearn.linear_model.LogisticRegression"}
SOURCE = {
    "source": {"configMap": {"name": "data", "key": "data.csv"}},
    "schema": {
        "columns": [{"name": "heat", "type": "number"}, {"name": "fails", "type": "boolean"}]
    },
    "question": {"task": "Classification", "target": "fails"},
    "format": "csv",
}


async def dataset(backend: Backend, name: str = "data", **fields: Any) -> Object:
    """Create a Dataset; the operator has to make a Job for it."""
    return await backend.create(DATASET, name, spec=SOURCE, **fields)


async def training_run(backend: Backend, name: str = "run", *, data: str = "data") -> Object:
    """Create a TrainingRun of a Dataset, which it waits for."""
    spec = {"datasetRef": {"name": data}, "trainer": {"estimator": ESTIMATOR}}
    return await backend.create(TRAINING_RUN, name, spec=spec)


async def template(backend: Backend, name: str = "template") -> Object:
    """Create a TrainingTemplate of the Dataset `data`."""
    spec = {"datasetRef": {"name": "data"}, "trainer": {"estimator": ESTIMATOR}}
    return await backend.create(TRAINING_TEMPLATE, name, spec=spec)


async def delete(backend: Backend, resource: Resource, name: str) -> None:
    key = backend.key(resource, name)
    await backend.client.delete(key, uid=(await backend.client.get(key))["metadata"]["uid"])


def reason(api: FakeApi, resource: Resource, name: str) -> str:
    """Return the reason of an object's Ready condition, empty before the operator has seen it."""
    obj = api.store.objects.get(Key(resource, HERE, name), {})
    status = obj.get("status") or {}  # A test may store null.
    if status.get("observedGeneration") != obj.get("metadata", {}).get("generation"):
        return ""
    found = (c["reason"] for c in status.get("conditions", ()) if c["type"] == "Ready")
    return str(next(found, ""))


def reasons(api: FakeApi) -> dict[str, str]:
    """Return the reason of every object of ours."""
    found = [key for key in api.store.objects if key.resource in OURS]
    return {f"{k.resource.plural}/{k.name}": reason(api, k.resource, k.name) for k in found}


def names_of(api: FakeApi, resource: Resource) -> list[str]:
    """Return the names of all objects of a kind."""
    return sorted(key.name for key in api.store.objects if key.resource == resource)


def jobs(api: FakeApi) -> list[str]:
    """Return the Datasets that have a Job."""
    found = [obj for key, obj in api.store.objects.items() if key.resource == JOB]
    return sorted(obj["metadata"]["ownerReferences"][0]["name"] for obj in found)


async def until(api: FakeApi, *, seconds: float = 15.0, **wanted: str) -> None:
    """Wait until each object, by its name, has this reason; one that is gone has none."""

    def is_so() -> bool:
        found = {name.partition("/")[2]: why for name, why in reasons(api).items()}
        return all(found.get(name) == why for name, why in wanted.items())

    await eventually(is_so, seconds=seconds, why=lambda: f"{wanted}: {reasons(api)}")


async def goes_on(backend: Backend, api: FakeApi, operator: Running, name: str = "new") -> None:
    """See to it that what is new, changes and goes is acted on, and that all is at rest then."""
    run = f"{name}-run"
    await training_run(backend, run, data=name)
    await until(api, **{run: "DatasetNotFound"})
    await dataset(backend, name)
    await until(api, **{name: "Profiling", run: "DatasetNotReady"})
    await backend.client.merge(backend.key(DATASET, name), {"spec": {"format": "parquet"}})
    await until(api, **{name: "Profiling"})
    await delete(backend, DATASET, name)
    await until(api, **{run: "DatasetNotFound"})
    await delete(backend, TRAINING_RUN, run)
    await until_settled(api, operator)
    await writes_nothing_again(api, operator)


async def writes_nothing_again(api: FakeApi, operator: Running) -> None:
    """See to it that a second look at everything changes nothing."""
    api.calls.clear()
    assert operator.operator
    await operator.operator.resync.once()
    await until_settled(api, operator)
    assert api.writes() == []


async def until_settled(api: FakeApi, operator: Running) -> None:
    """Wait until the operator knows all that is, nothing waits, and it is ready."""

    def why() -> object:
        return operator.missing() or operator.disagreements(api)

    await eventually(lambda: not why(), seconds=20, why=why)
