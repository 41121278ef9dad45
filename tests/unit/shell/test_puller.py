"""What a monitor sees of real serving processes when they live, hang, end and die."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from plumbline.api import names
from plumbline.api.objects import Key, Manifest
from plumbline.api.resources import DRIFT_MONITOR, MODEL_DEPLOYMENT, POD
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.observations import Assessment
from plumbline.shell.metrics import Metrics
from plumbline.shell.puller import Puller
from plumbline.shell.records import Records
from plumbline.store import Store

from tests.unit.serving.conftest import Serve, Server, servers, write_model

MONITOR = Key(DRIFT_MONITOR, "n", "watch")
DEPLOYMENT = Key(MODEL_DEPLOYMENT, "n", "m")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with servers(tmp_path) as start:
        yield start


class Cluster:
    """What the operator sees of a deployment, its monitor and its pods."""

    def __init__(self, folder: Path) -> None:
        self.store, self.cache, self.version = Store.open(f"file://{folder}/store"), Cache(), 0
        self.queue = Queue()
        write_model(folder / "model")
        blob = self.store.put_blob((folder / "model" / "model.json").read_bytes())
        files = [{"path": "model.json", "blob": blob}]
        manifest = self.store.put_manifest({"kind": "Model", "model": {"files": files}})
        served = {"identity": "one", "model": blob, "manifest": manifest, "run": "r", "image": "i"}
        self.observe(
            DEPLOYMENT, spec={"model": {"runRef": {"name": "r"}}}, status={"stable": served}
        )
        self.observe(MONITOR, spec={"deploymentRef": {"name": "m"}}, status={})

    def observe(self, key: Key, labels: dict[str, str] | None = None, **content: Any) -> None:
        self.version += 1
        metadata = {
            "name": key.name,
            "namespace": key.namespace,
            "uid": str(key),
            "resourceVersion": str(self.version),
            "labels": labels or {},
        }
        self.cache.observe(key, {"metadata": metadata, **content})

    def pod(self, name: str, server: Server) -> Key:
        key = Key(POD, "n", name)
        labels = {names.DEPLOYMENT_LABEL: "m", names.IDENTITY_LABEL: "one"}
        ports = [{"name": "admin", "containerPort": server.admin}]
        spec = {"containers": [{"name": "server", "ports": ports}]}
        self.observe(key, labels, spec=spec, status={"podIP": "127.0.0.1"})
        return key

    def operator(self) -> Puller:
        records = Records(lambda _: self.store)
        return Puller(cache=self.cache, queue=self.queue, metrics=Metrics(), records=records)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
async def operator(cluster: Cluster) -> AsyncIterator[Puller]:
    puller = cluster.operator()
    task = asyncio.create_task(puller.run())
    yield puller
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def seen(operator: Puller, holds: Callable[[Assessment], object]) -> Assessment:
    """Wait until the monitor's newest look is of some kind, and return it."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        found = operator.assessment(MONITOR)
        if found and holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not come true: {operator.assessment(MONITOR)}")


async def ask(server: Server, times: int) -> None:
    for _ in range(times):
        assert (await asyncio.to_thread(server.infer))[0] == 200


async def test_every_row_of_every_pod_is_seen_once_and_again_by_the_next_operator(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    for name in ("left", "right"):
        server = serve()
        cluster.pod(name, server)
        await ask(server, 20)
    assert (await seen(operator, lambda look: look.window_rows >= 40)).window_rows == 40
    again = cluster.operator()
    task = asyncio.create_task(again.run())
    assert (await seen(again, lambda look: look.window_rows >= 40)).window_rows == 40
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_pod_that_ends_of_itself_loses_no_row_and_one_that_is_killed_says_how_many(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    drained, killed = serve(drain=1.0), serve()
    pods = [cluster.pod("drained", drained), cluster.pod("killed", killed)]
    await ask(drained, 30)
    await seen(operator, lambda look: look.window_rows >= 15)
    assert await asyncio.to_thread(drained.end) == 0
    cluster.cache.forget(pods[0])
    found = await seen(operator, lambda look: look.window_rows >= 30)
    assert (found.window_rows, found.rows_lost) == (30, 0)
    asking = asyncio.create_task(ask(killed, 10_000))
    await seen(operator, lambda look: look.window_rows >= 150)
    killed.process.send_signal(signal.SIGKILL)
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], OSError)
    cluster.cache.forget(pods[1])
    assert (await seen(operator, lambda look: look.rows_lost)).rows_lost > 0


async def test_a_pod_that_hangs_does_not_blind_the_monitor_and_tells_its_rows_later(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    stuck, well = serve(), serve()
    for name, server in (("stuck", stuck), ("well", well)):
        cluster.pod(name, server)
        await ask(server, 10)
    await seen(operator, lambda look: look.window_rows == 20)
    await ask(stuck, 5)
    stuck.process.send_signal(signal.SIGSTOP)
    before = (await seen(operator, lambda _: True)).window_rows
    await ask(well, 10)
    await seen(operator, lambda look: look.window_rows >= before + 10)
    stuck.process.send_signal(signal.SIGCONT)
    assert (await seen(operator, lambda look: look.window_rows >= 35)).rows_lost == 0


@pytest.mark.parametrize("manifest", [{"kind": "Model"}, {"model": {"files": []}}])
async def test_a_model_whose_manifest_nobody_can_read_stops_no_other_deployment(
    serve: Serve, cluster: Cluster, operator: Puller, manifest: Manifest
) -> None:
    odd = cluster.store.put_manifest(manifest)
    served = {"identity": "odd", "model": odd, "manifest": odd, "run": "r", "image": "i"}
    spec = {"model": {"runRef": {"name": "r"}}}
    cluster.observe(Key(MODEL_DEPLOYMENT, "n", "a-odd"), spec=spec, status={"stable": served})
    cluster.observe(Key(MODEL_DEPLOYMENT, "n", "b-odd"), spec={"model": 1}, status={})
    server = serve()
    cluster.pod("one", server)
    await ask(server, 20)
    assert (await seen(operator, lambda look: look.window_rows >= 20)).window_rows == 20


async def test_a_pod_that_answers_something_else_stops_no_other_pod(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(["a server of somebody's own"])

    app = web.Application()
    app.router.add_post("/control", answer)
    server = serve()
    async with TestServer(app) as other:
        cluster.pod("other", replace(server, admin=other.port or 0))
        cluster.pod("one", server)
        await ask(server, 20)
        assert (await seen(operator, lambda look: look.window_rows >= 20)).window_rows == 20
