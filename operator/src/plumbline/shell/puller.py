"""Pulls counts from the serving pods once a second, and brings them their routing.

What the pods have counted stays with them, so an operator that starts again pulls everything anew
and loses nothing. A pod that is killed takes along what it counted since the last pull.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import ValidationError

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.resources import MODEL_DEPLOYMENT, POD
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.observations import Assessment, PodProblem, Traffic
from plumbline.live.traffic import Ledger
from plumbline.live.watermark import Coverage
from plumbline.live.windows import Seconds
from plumbline.shell import routing
from plumbline.shell.evaluations import Looks
from plumbline.shell.metrics import Metrics
from plumbline.shell.records import Records
from plumbline.store import StoreError

PERIOD_SECONDS, FRESH_SECONDS = 1.0, 5.0
ADMIN, DESCRIPTION_LIMIT = "admin", 64 * 2**20
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
        self._cache, self._queue, self._records = cache, queue, records
        self._watched: dict[Key, Watched] = {}
        self._looks = Looks(cache, queue, metrics)

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
        return self._looks.assessments.get(key)

    def unreadable(self, key: Key) -> tuple[PodProblem, ...]:
        """Return the pods whose counts a DriftMonitor needs and cannot be read."""
        monitor = self._cache.get(key)
        name = monitor["spec"]["deploymentRef"]["name"] if monitor else ""
        return self.traffic(Key(MODEL_DEPLOYMENT, key.namespace, name)).unreadable

    async def run(self) -> None:
        """Pull until cancelled."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                started = time.monotonic()
                await self._round(session)
                pause = PERIOD_SECONDS - (time.monotonic() - started)
                await asyncio.sleep(max(0.1, pause))

    async def _round(self, session: aiohttp.ClientSession) -> None:
        """Pull from all deployments at once; one that fails or is slow does not stop the others."""
        deployments = dict(self._deployments())
        await asyncio.gather(*(self._attend(session, *each) for each in deployments.items()))
        for gone in self._watched.keys() - deployments.keys():
            del self._watched[gone]
        self._looks.forget_gone()

    async def _attend(
        self, session: aiohttp.ClientSession, key: Key, deployment: ModelDeployment
    ) -> None:
        """Pull from a deployment's pods and let its monitors look."""
        watched = self._watched.setdefault(key, Watched())
        await _apart(key, self._follow(watched, deployment))
        await _apart(key, self._pull_and_look(session, key, deployment))

    async def _pull_and_look(
        self, session: aiohttp.ClientSession, key: Key, deployment: ModelDeployment
    ) -> None:
        await self._pull_all(session, key, deployment)
        self._look(key, self._watched[key], deployment)

    def _look(self, key: Key, watched: Watched, deployment: ModelDeployment) -> None:
        stable = deployment.status.stable
        if stable and watched.identity == stable.identity and watched.seconds:
            self._looks.look(key, watched.seconds, watched.coverage, stable.model)

    async def _pull_all(
        self, session: aiohttp.ClientSession, key: Key, deployment: ModelDeployment
    ) -> None:
        watched = self._watched[key]
        pods = [pod for pod in self._pods(key) if pod.get("status", {}).get("podIP")]
        pulls = (_apart(key, self._pull(session, pod, watched, deployment)) for pod in pods)
        await asyncio.gather(*pulls)
        watched.coverage.advance((pod["metadata"]["name"] for pod in pods), now=time.time())
        if watched.seconds:
            watched.seconds.add(watched.coverage.left())
        watched.ledger.forget(_identities(deployment, pods))
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
        identity = _identity(pod)
        follow = routing.wanted(deployment, identity)
        asked = {
            "routing": follow.wire() if follow else None,
            "since": watched.coverage.since(name) if identity == watched.identity else 2**40,
        }
        try:
            async with session.post(_address(pod), json=asked, raise_for_status=True) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            if isinstance(getattr(error, "os_error", None), ConnectionRefusedError):
                watched.coverage.refused(name, now=time.time())
            return
        watched.ledger.enter(name, answer, time=time.time())
        if identity == watched.identity and watched.seconds is not None:
            late = watched.seconds.add(answer["seconds"], after=watched.coverage.after)
            watched.coverage.hear(name, answer, now=time.time(), late=late)

    def _deployments(self) -> Iterator[tuple[Key, ModelDeployment]]:
        """Yield the deployments; one that another version has written may be unreadable."""
        for obj in self._cache.list(MODEL_DEPLOYMENT, None):
            key = Key(MODEL_DEPLOYMENT, obj["metadata"]["namespace"], obj["metadata"]["name"])
            try:
                yield key, ModelDeployment.model_validate(obj)
            except ValidationError as error:
                log.warning("%s/%s: %s", key.namespace, key.name, error)

    def _pods(self, key: Key) -> Iterable[Object]:
        for pod in self._cache.list(POD, key.namespace):
            if pod["metadata"].get("labels", {}).get(names.DEPLOYMENT_LABEL) == key.name:
                yield pod


async def _apart(key: Key, work: Awaitable[None]) -> None:
    """Do one part of the work; whatever goes wrong in it stops no other."""
    try:
        await work
    except StoreError as error:
        log.warning("%s/%s: %s", key.namespace, key.name, error)
    except Exception:
        log.exception("%s/%s: pulling counts", key.namespace, key.name)


def _identities(deployment: ModelDeployment, pods: Iterable[Object]) -> set[str]:
    """Return the identities that serve, or may again."""
    status = deployment.status
    named = {one.identity for one in (status.stable, status.canary) if one}
    return named | {old.identity for old in status.retiring} | set(map(_identity, pods))


def _identity(pod: Object) -> str:
    return str(pod["metadata"]["labels"].get(names.IDENTITY_LABEL, ""))


def _address(pod: Object) -> str:
    """Return where the pod's server listens to the operator."""
    containers, ip = pod["spec"]["containers"], pod["status"]["podIP"]
    ports = (port for container in containers for port in container.get("ports", ()))
    port = next(port["containerPort"] for port in ports if port.get("name") == ADMIN)
    return f"http://{f'[{ip}]' if ':' in ip else ip}:{port}/control"


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and not pod["metadata"].get("deletionTimestamp")
