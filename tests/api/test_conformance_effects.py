"""What the engine promises about its writes, on the fake and on a real server alike."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from plumbline.api.objects import Key, Manifest, Resource
from plumbline.api.plan import Deletion, Event, Plan
from plumbline.engine.cache import Cache
from plumbline.engine.difference import differences
from plumbline.engine.effects import Effects, Leftover, NameConflict
from plumbline.kube.client import Client
from plumbline.kube.errors import Conflict, NotFound
from plumbline.kube.events import EventRecorder

from tests.sim.fakeapi.backends import (
    CONFIG_MAP,
    DEPLOYMENT,
    EVENT,
    JOB,
    RESOURCES,
    WIDGET,
    Backend,
    any_backend,  # noqa: F401
)
from tests.sim.fakeapi.children import KINDS, LABELS, child

Object = dict[str, Any]
BY_KIND = {(r.api_version, r.kind): r for r in RESOURCES}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def resource_of(manifest: Manifest) -> Resource:
    return BY_KIND[manifest["apiVersion"], manifest["kind"]]


@dataclass
class Process:
    """The part of an operator that writes, with a memory that a restart empties."""

    client: Client
    cache: Cache
    effects: Effects
    requests: list[tuple[str, str]]

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.requests if request[0] in WRITES]

    async def know(self, *keys: Key) -> None:
        """Learn of objects as a list would have told."""
        for key in keys:
            self.cache.observe(key, await self.client.get(key))
        self.requests.clear()


@pytest.fixture
async def start(backend: Backend) -> Any:
    """Return a function that starts a process with an empty memory."""
    clients: list[Client] = []

    async def start() -> Process:
        requests: list[tuple[str, str]] = []
        client = Client(backend.connection, on_request=lambda *each: requests.append(each))
        clients.append(await client.__aenter__())
        cache = Cache()
        effects = Effects(
            client=client, cache=cache, recorder=EventRecorder(client), resource_of=resource_of
        )
        return Process(client, cache, effects, requests)

    yield start
    for client in clients:
        await client.__aexit__(None, None, None)


Start = Callable[[], Any]


@pytest.mark.parametrize("resource", KINDS, ids=lambda r: r.kind)
async def test_a_second_pass_and_a_restart_write_nothing(
    backend: Backend, start: Start, resource: Resource
) -> None:
    owner, wanted = backend.key(WIDGET, "owner"), child(backend, resource)
    process = await start()
    assert await process.effects.carry_out(owner, Plan(apply=(wanted,))) == 1
    live = await backend.client.get(backend.key(resource, "web"))
    assert list(differences(live, wanted)) == []
    process.requests.clear()
    assert await process.effects.carry_out(owner, Plan(apply=(wanted,))) == 0
    restarted = await start()
    await restarted.know(backend.key(resource, "web"))
    assert await restarted.effects.carry_out(owner, Plan(apply=(wanted,))) == 0
    assert process.requests + restarted.requests == []


async def test_somebodys_change_is_taken_back_and_their_own_fields_stay(
    backend: Backend, start: Start
) -> None:
    key, wanted = backend.key(DEPLOYMENT, "web"), child(backend, DEPLOYMENT)
    process = await start()
    await process.effects.carry_out(key, Plan(apply=(wanted,)))
    changed = {"spec": {"replicas": 2}, "metadata": {"labels": {"theirs": "yes"}}}
    process.cache.observe(key, await backend.client.merge(key, changed))
    assert await process.effects.carry_out(key, Plan(apply=(wanted,))) == 1
    live = await backend.client.get(key)
    assert live["spec"]["replicas"] == 0
    assert live["metadata"]["labels"]["theirs"] == "yes"


async def test_a_field_that_is_no_longer_wanted_goes(backend: Backend, start: Start) -> None:
    key, wanted = backend.key(DEPLOYMENT, "web"), child(backend, DEPLOYMENT)
    process = await start()
    await process.effects.carry_out(key, Plan(apply=(wanted,)))
    less = copy.deepcopy(wanted)
    container = less["spec"]["template"]["spec"]["containers"][0]
    del container["readinessProbe"], container["env"][0]
    assert await process.effects.carry_out(key, Plan(apply=(less,))) == 1
    live = (await backend.client.get(key))["spec"]["template"]["spec"]["containers"][0]
    assert "readinessProbe" not in live
    assert [item["name"] for item in live["env"]] == ["A"]
    assert await process.effects.carry_out(key, Plan(apply=(less,))) == 0


async def test_a_job_is_made_once_and_never_touched_again(backend: Backend, start: Start) -> None:
    key, wanted = backend.key(JOB, "web"), child(backend, JOB)
    process, plan = await start(), Plan(create=(wanted,))
    assert await process.effects.carry_out(key, plan) == 1
    forgetful = await start()
    assert await forgetful.effects.carry_out(key, plan) == 0
    restarted = await start()
    await restarted.know(key)
    other = {**wanted, "spec": {**wanted["spec"], "backoffLimit": 9}}
    assert await restarted.effects.carry_out(key, Plan(create=(other,))) == 0
    assert restarted.requests == []
    assert (await backend.client.get(key))["spec"]["backoffLimit"] == 3


@pytest.mark.parametrize("way", ["create", "apply"])
async def test_an_object_of_somebody_else_is_never_seized(
    backend: Backend, start: Start, way: str
) -> None:
    theirs = await backend.create(CONFIG_MAP, "web", data={"theirs": "1"})
    process, wanted = await start(), child(backend, CONFIG_MAP)
    key = backend.key(CONFIG_MAP, "web")
    with pytest.raises(
        NameConflict, match=f"ConfigMap {backend.namespace}/web exists and belongs to"
    ):
        await process.effects.carry_out(key, Plan(**{way: (wanted,)}))
    assert await backend.client.get(key) == theirs
    await backend.client.delete(key, uid=theirs["metadata"]["uid"])
    assert await process.effects.carry_out(key, Plan(**{way: (wanted,)})) == 1


async def test_a_child_of_a_deleted_owner_is_waited_out(backend: Backend, start: Start) -> None:
    owner = await backend.create(WIDGET, "owner", spec={})
    old = _owned(child(backend, CONFIG_MAP), owner["metadata"]["uid"])
    old["metadata"]["finalizers"] = ["conformance.plumbline.dev/hold"]
    key = backend.key(CONFIG_MAP, "web")
    made = await backend.client.create(key, old)
    new = _owned(child(backend, CONFIG_MAP), "11111111-2222-3333-4444-555555555555")
    process = await start()
    with pytest.raises(Leftover, match="still belongs to an earlier Widget owner"):
        await process.effects.carry_out(key, Plan(create=(new,)))
    assert (await backend.client.get(key))["metadata"]["uid"] == made["metadata"]["uid"]
    await backend.client.merge(key, {"metadata": {"finalizers": None}})


async def test_a_status_is_written_once_and_keeps_its_times(backend: Backend, start: Start) -> None:
    key = backend.key(WIDGET, "one")
    process = await start()
    await backend.create(WIDGET, "one", spec={})
    await process.know(key)
    assert await process.effects.carry_out(key, Plan(status=_status("waiting", 1))) == 1
    first = (await backend.client.get(key))["status"]["conditions"][0]["lastTransitionTime"]
    assert await process.effects.carry_out(key, Plan(status=_status("waiting", 1))) == 0
    assert await process.effects.carry_out(key, Plan(status=_status("still waiting", 2))) == 1
    stored = (await backend.client.get(key))["status"]
    assert stored["rows"] == 2
    assert stored["conditions"][0]["lastTransitionTime"] == first
    assert process.writes() == [("PUT", "widgets")] * 2


async def test_a_status_from_a_stale_view_is_not_written_but_the_view_is_mended(
    backend: Backend, start: Start
) -> None:
    key = backend.key(WIDGET, "one")
    process = await start()
    await backend.create(WIDGET, "one", spec={"size": 1})
    await process.know(key)
    await backend.client.merge(key, {"spec": {"size": 2}})
    with pytest.raises(Conflict, match="set the status of Widget"):
        await process.effects.carry_out(key, Plan(status=_status("done", 1)))
    assert "status" not in await backend.client.get(key)
    assert process.cache.get(key)["spec"] == {"size": 2}
    assert await process.effects.carry_out(key, Plan(status=_status("done", 1))) == 1


async def test_an_apply_meant_for_an_object_that_has_vanished_makes_no_new_one(
    backend: Backend, start: Start
) -> None:
    key, wanted = backend.key(CONFIG_MAP, "web"), child(backend, CONFIG_MAP)
    process = await start()
    await process.effects.carry_out(key, Plan(apply=(wanted,)))
    made = await backend.client.get(key)
    await backend.client.delete(key, uid=made["metadata"]["uid"])
    with pytest.raises(Conflict):
        await process.effects.carry_out(key, Plan(apply=({**wanted, "data": {"a": "2"}},)))
    with pytest.raises(NotFound):
        await backend.client.get(key)
    assert await process.effects.carry_out(key, Plan(apply=(wanted,))) == 1


async def test_a_field_that_the_server_drops_costs_one_request_and_no_loop(
    backend: Backend, start: Start
) -> None:
    if backend.fake:
        pytest.skip("the fake drops nothing")
    key, wanted = backend.key(DEPLOYMENT, "web"), child(backend, DEPLOYMENT)
    wanted = copy.deepcopy(wanted)
    wanted["spec"]["template"]["spec"]["hostNetwork"] = False
    process = await start()
    for _ in range(3):
        await process.effects.carry_out(key, Plan(apply=(wanted,)))
    assert process.writes() == [("PATCH", "deployments")]
    changed = await backend.client.merge(key, {"spec": {"replicas": 2}})
    process.cache.observe(key, changed)
    assert await process.effects.carry_out(key, Plan(apply=(wanted,))) == 1
    assert (await backend.client.get(key))["spec"]["replicas"] == 0


async def test_a_ghost_is_laid_when_its_status_finds_nobody(backend: Backend, start: Start) -> None:
    key = backend.key(WIDGET, "one")
    process = await start()
    made = await backend.create(WIDGET, "one", spec={})
    await process.know(key)
    await backend.client.delete(key, uid=made["metadata"]["uid"])
    assert await process.effects.carry_out(key, Plan(status=_status("done", 1))) == 0
    assert process.cache.get(key) is None


async def test_a_child_is_deleted_once_and_only_while_it_is_the_one_that_was_meant(
    backend: Backend, start: Start
) -> None:
    key = backend.key(CONFIG_MAP, "web")
    process = await start()
    first = await backend.create(CONFIG_MAP, "web", data={})
    await process.know(key)
    plan = Plan(delete=(Deletion(key=key, uid=first["metadata"]["uid"]),))
    assert await process.effects.carry_out(key, plan) == 1
    assert await process.effects.carry_out(key, plan) == 0
    second = await backend.create(CONFIG_MAP, "web", data={})
    process.cache.observe(key, second)
    assert await process.effects.carry_out(key, plan) == 0
    assert (await backend.client.get(key))["metadata"]["uid"] == second["metadata"]["uid"]


async def test_the_status_of_a_dead_object_never_lands_on_its_successor(
    backend: Backend, start: Start
) -> None:
    key = backend.key(WIDGET, "one")
    process = await start()
    first = await backend.create(WIDGET, "one", spec={})
    await process.know(key)
    seen = process.cache.get(key)
    await backend.client.delete(key, uid=first["metadata"]["uid"])
    second = await backend.create(WIDGET, "one", spec={})
    process.cache.observe(key, second)
    with pytest.raises(Conflict, match="has changed since"):
        await process.effects.carry_out(key, Plan(status=_status("done", 1)), seen=seen)
    assert "status" not in await backend.client.get(key)


async def test_the_same_event_again_is_one_object(backend: Backend, start: Start) -> None:
    about = await backend.create(WIDGET, "one", spec={})
    event = Event(type="Warning", reason="TooBig", message="ü" * 2000)
    process, restarted = await start(), await start()
    for each in (process, process, restarted):
        each.cache.observe(backend.key(WIDGET, "one"), about)
        await each.effects.carry_out(backend.key(WIDGET, "one"), Plan(events=(event,)))
    items, _ = await backend.client.list(EVENT, namespace=backend.namespace)
    (said,) = [item for item in items if item["reason"] == "TooBig"]
    assert said["count"] == 2
    assert said["involvedObject"]["uid"] == about["metadata"]["uid"]
    assert len(said["message"].encode()) <= 1024


def _status(message: str, rows: int) -> Object:
    condition = {"type": "Ready", "status": "False", "reason": "Waiting", "message": message}
    return {"rows": rows, "observedGeneration": 1, "conditions": [condition]}


def _owned(manifest: Object, uid: str) -> Object:
    reference = {
        "apiVersion": WIDGET.api_version,
        "kind": WIDGET.kind,
        "name": "owner",
        "uid": uid,
        "controller": True,
    }
    metadata = {**manifest["metadata"], "ownerReferences": [reference], "labels": LABELS}
    return {**manifest, "metadata": metadata}
