"""Pulls counts from the serving pods once a second, and brings them their routing.

What the pods have counted stays with them, so an operator that starts again pulls everything anew
and loses nothing. A pod that dies takes along what it counted since the last pull.
"""

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from plumbline.api import names
from plumbline.api.effects import Key
from plumbline.api.resources import DRIFT_MONITOR, MODEL_DEPLOYMENT, POD
from plumbline.api.v1alpha1 import DriftMonitor, ModelDeployment
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.plan.live import Assessment, Traffic
from plumbline.shell import routing
from plumbline.shell.coverage import Coverage
from plumbline.shell.ledger import Ledger
from plumbline.shell.metrics import Metrics
from plumbline.shell.records import Records
from plumbline.shell.seconds import Seconds, Watcher
from plumbline.store import StoreError

ADMIN_PORT, PERIOD_SECONDS, FRESH_SECONDS = 9090, 1.0, 5.0
DESCRIPTION_LIMIT = 64 * 2**20
TIMEOUT = aiohttp.ClientTimeout(total=2)
Object = Mapping[str, Any]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watched:
    """What is known of one ModelDeployment's pods."""

    ledger: Ledger = field(default_factory=Ledger)
    identity: str = ""
    seconds: Seconds | None = None
    coverage: Coverage = field(default_factory=Coverage)


class Puller:
    """Pulls, adds up, judges, and wakes who must look."""

    def __init__(self, *, cache: Cache, queue: Queue, metrics: Metrics, records: Records) -> None:
        """Pull from the pods that the cache knows."""
        self._cache, self._queue, self._metrics = cache, queue, metrics
        self._records = records
        self._watched: dict[Key, Watched] = {}
        self._watchers: dict[Key, Watcher] = {}
        self._assessments: dict[Key, Assessment] = {}

    def traffic(self, key: Key) -> Traffic:
        """Return the counts of a ModelDeployment's pods."""
        watched = self._watched.get(key)
        if watched is None:
            return Traffic()
        ready = {
            pod["metadata"]["name"]: pod["metadata"]["labels"][names.IDENTITY_LABEL]
            for pod in self._pods(key)
            if _is_ready(pod)
        }
        return watched.ledger.traffic(ready=ready, fresh_since=time.time() - FRESH_SECONDS)

    def assessment(self, key: Key) -> Assessment | None:
        """Return the newest look of a DriftMonitor."""
        return self._assessments.get(key)

    async def run(self) -> None:
        """Pull until cancelled."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                started = time.monotonic()
                await self._round(session)
                pause = PERIOD_SECONDS - (time.monotonic() - started)
                await asyncio.sleep(max(0.1, pause))

    async def _round(self, session: aiohttp.ClientSession) -> None:
        """Pull from every deployment once; one that fails does not stop the others."""
        for obj in self._cache.list(MODEL_DEPLOYMENT, None):
            deployment = ModelDeployment.model_validate(obj)
            metadata = deployment.metadata
            key = Key(MODEL_DEPLOYMENT, metadata.namespace, metadata.name)
            try:
                await self._pull_all(session, key, deployment)
                self._look(key, deployment)
            except StoreError as error:
                log.warning("%s/%s: %s", key.namespace, key.name, error)
            except Exception:
                log.exception("%s/%s: pulling counts", key.namespace, key.name)
        self._forget_gone()

    async def _pull_all(
        self, session: aiohttp.ClientSession, key: Key, deployment: ModelDeployment
    ) -> None:
        watched = self._watched.setdefault(key, Watched())
        await self._follow(watched, deployment)
        pods = [pod for pod in self._pods(key) if pod.get("status", {}).get("podIP")]
        pulls = (self._pull(session, pod, watched, deployment) for pod in pods)
        await asyncio.gather(*pulls)
        watched.coverage.advance((pod["metadata"]["name"] for pod in pods), now=time.time())
        if deployment.status.canary:
            self._queue.add(key, urgent=False)

    async def _follow(self, watched: Watched, deployment: ModelDeployment) -> None:
        """Begin anew when another model has become the stable one."""
        stable = deployment.status.stable
        if stable is None or watched.identity == stable.identity:
            return
        namespace = deployment.metadata.namespace
        manifest = await self._records.manifest(namespace, stable.manifest)
        described = next(f for f in manifest["model"]["files"] if f["path"] == "model.json")
        store = self._records.store(namespace)
        content = await asyncio.to_thread(
            store.get_blob, described["blob"], limit_bytes=DESCRIPTION_LIMIT
        )
        reference = (json.loads(content).get("reference") or {}).get("columns", [])
        watched.identity, watched.seconds = stable.identity, Seconds(reference)
        watched.coverage = Coverage()

    async def _pull(
        self,
        session: aiohttp.ClientSession,
        pod: Object,
        watched: Watched,
        deployment: ModelDeployment,
    ) -> None:
        """Pull from one pod; one that does not answer is asked again in a second."""
        name = pod["metadata"]["name"]
        identity = pod["metadata"]["labels"].get(names.IDENTITY_LABEL, "")
        follow = routing.wanted(deployment, identity)
        asked = {
            "routing": follow.wire() if follow else None,
            "since": watched.coverage.told(name) if identity == watched.identity else 2**40,
        }
        address = f"http://{pod['status']['podIP']}:{ADMIN_PORT}/control"
        try:
            async with session.post(address, json=asked) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return
        watched.ledger.enter(name, answer, time=time.time())
        if identity == watched.identity and watched.seconds is not None:
            watched.seconds.add(answer["seconds"])
            watched.coverage.hear(name, answer, now=time.time())

    def _look(self, key: Key, deployment: ModelDeployment) -> None:
        """Let the deployment's monitors look, and wake those whose verdict has changed."""
        watched, stable = self._watched[key], deployment.status.stable
        if stable is None or watched.identity != stable.identity or not watched.coverage.through:
            return
        for obj in self._cache.list(DRIFT_MONITOR, key.namespace):
            monitor = DriftMonitor.model_validate(obj)
            if monitor.spec.deployment_ref.name == key.name and not monitor.spec.suspend:
                self._judge(monitor, watched, stable.model)

    def _judge(self, monitor: DriftMonitor, watched: Watched, model: str) -> None:
        seconds = watched.seconds
        if seconds is None:
            return
        key = Key(DRIFT_MONITOR, monitor.metadata.namespace, monitor.metadata.name)
        watcher = self._watchers.get(key)
        if watcher is None or watcher.seconds is not seconds:
            self._metrics.monitor_gone(key.namespace, key.name)
            watcher = self._watchers[key] = Watcher.resumed(monitor, model, seconds)
        found = watcher.look(monitor, through=watched.coverage.through, lost=watched.coverage.lost)
        before, self._assessments[key] = self._assessments.get(key), found
        self._show(key, found)
        if _verdict(before) != _verdict(found):
            self._queue.add(key)

    def _show(self, key: Key, found: Assessment) -> None:
        """Set the gauges of a monitor."""
        labels = (key.namespace, key.name)
        self._metrics.drifted.labels(*labels).set(found.drifted)
        self._metrics.broken.labels(*labels).set(bool(found.broken))
        self._metrics.window_rows.labels(*labels).set(found.window_rows)
        self._metrics.rows_lost.labels(*labels).set(found.rows_lost)
        for column in found.findings:
            self._metrics.drift_score.labels(*labels, column.name).set(column.score)
            self._metrics.drift_log10_p.labels(*labels, column.name).set(column.log10_p)

    def _forget_gone(self) -> None:
        """Forget the monitors that are gone or suspended, and show their gauges no more."""
        looking = {
            Key(DRIFT_MONITOR, obj["metadata"]["namespace"], obj["metadata"]["name"])
            for obj in self._cache.list(DRIFT_MONITOR, None)
            if not obj["spec"].get("suspend")
        }
        for key in self._watchers.keys() - looking:
            del self._watchers[key]
            self._assessments.pop(key, None)
            self._metrics.monitor_gone(key.namespace, key.name)

    def _pods(self, key: Key) -> Iterable[Object]:
        for pod in self._cache.list(POD, key.namespace):
            if pod["metadata"].get("labels", {}).get(names.DEPLOYMENT_LABEL) == key.name:
                yield pod


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and not pod["metadata"].get("deletionTimestamp")


def _verdict(found: Assessment | None) -> object:
    """Return what of an assessment is worth telling."""
    if found is None:
        return None
    rules = tuple((one.column, one.rule) for one in found.broken)
    return found.model, found.drifted, rules, found.window_rows > 0, found.rows_lost
