"""What a monitor sees of real serving processes when they live, hang, end and die."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from plumbline.api import names
from plumbline.api.objects import Key, Manifest
from plumbline.api.resources import POD
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.observations import Assessment
from plumbline.plan.registry import KINDS
from plumbline.shell import puller
from plumbline.shell.job_results import JobResults
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.pull import REPLY_LIMIT
from plumbline.shell.puller import Puller
from plumbline.store import Store

from tests.unit.serving.conftest import Serve, Server, servers, write_model

DIGEST = "sha256:" + "a" * 64
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
        self.queue, self.metrics = Queue(), Metrics()
        self.folder = folder
        write_model(folder / "model")
        blob = self.store.put_blob((folder / "model" / "model.json").read_bytes())
        files = [{"path": "model.json", "blob": blob}]
        manifest = self.store.put_manifest({"kind": "Model", "model": {"files": files}})
        served = {"identity": "one", "model": blob, "manifest": manifest, "run": "r", "image": "i"}
        self.observe(
            DEPLOYMENT, spec={"model": {"runRef": {"name": "r"}}}, status={"stable": served}
        )
        self.observe(MONITOR, spec={"deploymentRef": {"name": "m"}}, status={})

    def serves(self, description: dict[str, Any] | bytes | None) -> None:
        """Let a model serve from now on whose model.json is this, or has these fields."""
        if isinstance(description, dict):
            known = json.loads((self.folder / "model" / "model.json").read_bytes())
            description = json.dumps({**known, **description}).encode()
        files = [{"path": "weights.npz", "blob": self.store.put_blob(b"")}]
        if description is not None:
            files.append({"path": "model.json", "blob": self.store.put_blob(description)})
        manifest = self.store.put_manifest({"kind": "Model", "model": {"files": files}})
        served = {
            "identity": "two",
            "model": DIGEST,
            "manifest": manifest,
            "run": "r",
            "image": "i",
        }
        self.observe(
            DEPLOYMENT, spec={"model": {"runRef": {"name": "r"}}}, status={"stable": served}
        )

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

    def pod(self, name: str, port: int, *, ready: bool = False, identity: str = "one") -> Key:
        key = Key(POD, "n", name)
        labels = {names.DEPLOYMENT_LABEL: "m", names.IDENTITY_LABEL: identity}
        ports = [{"name": "admin", "containerPort": port}]
        spec = {"containers": [{"name": "server", "image": "server:9", "ports": ports}]}
        conditions = [{"type": "Ready", "status": "True"}] if ready else []
        status = {"podIP": "127.0.0.1", "conditions": conditions}
        self.observe(key, labels, spec=spec, status=status)
        return key

    def operator(self) -> Puller:
        results = JobResults(lambda _: self.store)
        return Puller(
            cache=self.cache,
            objects=ObjectReader(self.cache, KINDS),
            queue=self.queue,
            metrics=self.metrics,
            results=results,
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
async def operator(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Puller]:
    monkeypatch.setattr(puller, "PERIOD_SECONDS", 0.2)
    found = cluster.operator()
    task = asyncio.create_task(found.run())
    yield found
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
        cluster.pod(name, server.admin)
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
    pods = [cluster.pod("drained", drained.admin), cluster.pod("killed", killed.admin)]
    await ask(drained, 30)
    await seen(operator, lambda look: look.window_rows >= 15)
    assert await asyncio.to_thread(drained.end) == 0
    cluster.cache.forget_missing(pods[0])
    found = await seen(operator, lambda look: look.window_rows >= 30)
    assert (found.window_rows, found.rows_lost) == (30, 0)
    asking = asyncio.create_task(ask(killed, 10_000))
    await seen(operator, lambda look: look.window_rows >= 150)
    killed.process.send_signal(signal.SIGKILL)
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], OSError)
    cluster.cache.forget_missing(pods[1])
    assert (await seen(operator, lambda look: look.rows_lost)).rows_lost > 0


async def test_a_pod_that_hangs_does_not_blind_the_monitor_and_tells_its_rows_later(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    stuck, well = serve(), serve()
    for name, server in (("stuck", stuck), ("well", well)):
        cluster.pod(name, server.admin)
        await ask(server, 10)
    await seen(operator, lambda look: look.window_rows == 20)
    await ask(stuck, 5)
    stuck.process.send_signal(signal.SIGSTOP)
    before = (await seen(operator, lambda _: True)).window_rows
    await ask(well, 10)
    await seen(operator, lambda look: look.window_rows >= before + 10)
    stuck.process.send_signal(signal.SIGCONT)
    assert (await seen(operator, lambda look: look.window_rows >= 35)).rows_lost == 0


async def test_the_predictions_of_a_canary_are_counted_in_the_cells_of_its_own_reference(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    stable, canary = serve(), serve(identity="two", intercept=9.0)
    await ask(canary, 5)
    begun = datetime.fromtimestamp(time.time() - 60, UTC).isoformat()
    served = cluster.cache.get(DEPLOYMENT)["status"]["stable"]
    step = {"weight": 10, "since": begun, "stepSince": begun}
    cluster.observe(
        DEPLOYMENT,
        spec={"model": {"runRef": {"name": "r"}}},
        status={"stable": served, "canary": {**served, **step, "identity": "two"}},
    )
    cluster.pod("stable", stable.admin)
    cluster.pod("canary", canary.admin, identity="two")
    await ask(stable, 9)
    deadline = time.monotonic() + 40
    rows = {}
    while time.monotonic() < deadline and rows != {"one": 9, "two": 5}:
        await asyncio.sleep(0.05)
        found = operator.traffic(DEPLOYMENT).predictions
        rows = {name: int(each.cells.sum()) for name, each in found.items()}
    assert rows == {"one": 9, "two": 5}


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
    cluster.pod("one", server.admin)
    await ask(server, 20)
    assert (await seen(operator, lambda look: look.window_rows >= 20)).window_rows == 20


Replies = Callable[[], web.Response]


@asynccontextmanager
async def replying(reply: Replies | None) -> AsyncIterator[int]:
    """Serve `/control` with these replies, or hang; yield the port."""

    async def answer(_: web.Request) -> web.Response:
        if reply is None:
            await asyncio.Event().wait()
            raise AssertionError
        return reply()

    app = web.Application()
    app.router.add_post("/control", answer)
    async with TestServer(app) as server:
        yield server.port or 0


def least() -> web.Response:
    """Reply as a server of another release might: without `totals`, `arms` and a version."""
    now = int(time.time())
    second = {"e": now - 1, "rows": 20, "i": [0], "c": [20], "v": {}}
    return web.json_response(
        {"boot": "b", "now": now, "started": now - 9, "through": now - 1, "seconds": [second]}
    )


async def test_rows_of_a_pod_that_leaves_a_key_out_are_seen(
    cluster: Cluster, operator: Puller
) -> None:
    async with replying(least) as port:
        cluster.pod("other", port)
        assert (await seen(operator, lambda look: look.window_rows >= 20)).rows_lost == 0
        assert operator.traffic(DEPLOYMENT).unreadable == ()


@pytest.mark.parametrize(
    ("description", "why"),
    [
        (None, "does not list model.json"),
        (b"{}", "create a new TrainingRun"),
        (b"", "restore it from a backup"),
        ({"reference": None}, "model.json has no reference"),
        ({"reference": {"columns": [{"name": "x"}]}}, "an internal error"),
    ],
)
async def test_a_monitor_says_why_it_has_nothing_to_compare_with(
    cluster: Cluster, operator: Puller, description: Any, why: str
) -> None:
    cluster.serves(description)
    deadline = time.monotonic() + 40
    while not (found := operator.unwatched(MONITOR)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert "the reference of model two cannot be read" in found
    assert why in found
    cluster.serves({})
    while operator.unwatched(MONITOR):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


HOSTILE: dict[str, tuple[Replies | None, str]] = {
    "something else": (lambda: web.json_response(["a server of somebody's own"]), "unreadable"),
    "no JSON": (lambda: web.Response(text="ok"), "unreadable"),
    "a later version": (lambda: web.json_response({"version": 99}), "unreadable"),
    "no end": (lambda: web.Response(body=b" " * (REPLY_LIMIT + 1)), "unreadable"),
    "not found": (lambda: web.Response(status=404), "http"),
    "nothing": (None, "timeout"),
}


# One that hangs keeps the rows of the others back for two seconds.
SILENT = ["nothing"]
LOUD = sorted(HOSTILE.keys() - set(SILENT))


@pytest.mark.parametrize(
    "cases",
    [SILENT, LOUD, *(pytest.param([case], marks=pytest.mark.prove) for case in LOUD)],
    ids=", ".join,
)
async def test_pods_that_cannot_be_read_stop_no_other_and_are_counted(
    serve: Serve, cluster: Cluster, operator: Puller, cases: list[str]
) -> None:
    server = serve()
    async with AsyncExitStack() as stack:
        for case in cases:
            port = await stack.enter_async_context(replying(HOSTILE[case][0]))
            cluster.pod(case.replace(" ", "-"), port)
        cluster.pod("one", server.admin)
        await ask(server, 20)
        assert (await seen(operator, lambda look: look.window_rows >= 20)).window_rows == 20
    told = cluster.metrics.text().decode()
    for case in cases:
        assert f'plumbline_pulls_failed_total{{reason="{HOSTILE[case][1]}"}}' in told


async def test_a_ready_pod_that_cannot_be_read_is_named_with_its_image(
    cluster: Cluster, operator: Puller
) -> None:
    async with replying(lambda: web.json_response({"version": 99})) as port:
        cluster.pod("other", port, ready=True)
        deadline = time.monotonic() + 40
        while not (found := operator.traffic(DEPLOYMENT).unreadable):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
    (problem,) = found
    assert (problem.pod, problem.identity, problem.image) == ("other", "one", "server:9")
    assert "version 99" in problem.message


async def test_a_pod_without_an_admin_port_is_left_alone(
    serve: Serve, cluster: Cluster, operator: Puller
) -> None:
    cluster.observe(
        Key(POD, "n", "odd"),
        {names.DEPLOYMENT_LABEL: "m"},
        spec={"containers": [{"name": "other"}]},
        status={"podIP": "127.0.0.1"},
    )
    server = serve()
    cluster.pod("one", server.admin)
    await ask(server, 20)
    assert (await seen(operator, lambda look: look.window_rows >= 20)).window_rows == 20
