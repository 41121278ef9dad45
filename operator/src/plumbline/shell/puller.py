"""Pulls counts from the serving pods once a second, and sends them their routing.

The pods keep their counts, so a restarted operator pulls everything again and loses nothing. When a
pod is killed, its counts since the last pull are lost.
"""

import asyncio
import time
from collections.abc import Awaitable
from functools import partial
from typing import Any

import aiohttp

from plumbline.api.objects import Key
from plumbline.api.sentences import internal
from plumbline.api.v1alpha1 import DriftMonitor, ModelDeployment
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.contract import control, layout, model_json
from plumbline.contract.control import ControlReply, ControlRequest, UnreadableMessage
from plumbline.contract.served_files import files_of
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.deployment_traffic import DeploymentTraffic
from plumbline.live.observations import Assessment, PodProblem, Traffic
from plumbline.live.pulls import PullFailed, ServingPod
from plumbline.log import get_logger
from plumbline.shell import pull, routing
from plumbline.shell.evaluations import MonitorEvaluations
from plumbline.shell.job_results import JobResults
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.serving_pods import by_deployment, serving_pods
from plumbline.store import StoreError

# Pods have real clocks, so this module reads the real time; `live` gets it as an argument.
PERIOD_SECONDS = 1.0
MODEL_FILE_LIMIT = 64 * 2**20
log = get_logger(__name__)


class Puller:
    """Pulls and sums the counts, has monitors evaluated, and reconciles rollouts under way."""

    def __init__(
        self,
        *,
        cache: Cache,
        objects: ObjectReader,
        queue: Queue,
        metrics: Metrics,
        results: JobResults,
    ) -> None:
        """Pull from the pods in the cache."""
        self._cache, self._objects, self._queue = cache, objects, queue
        self._metrics, self._results = metrics, results
        self._deployments: dict[Key, DeploymentTraffic] = {}
        # Deployments whose visit is under way.
        self._visiting: set[Key] = set()
        # Why a deployment's rows cannot be compared with anything.
        self._no_reference: dict[Key, str] = {}
        self._evaluations = MonitorEvaluations(objects, queue, metrics)

    def traffic(self, key: Key) -> Traffic:
        """Return the counters of a ModelDeployment's pods."""
        traffic = self._deployments.get(key)
        if traffic is None:
            return Traffic()
        return traffic.traffic(list(serving_pods(self._cache, key)), now=time.time())

    def assessment(self, key: Key) -> Assessment | None:
        """Return the newest evaluation of a DriftMonitor."""
        return self._evaluations.assessments.get(key)

    def unreadable(self, key: Key) -> tuple[PodProblem, ...]:
        """Return the pods of a DriftMonitor's deployment whose counts cannot be read."""
        deployment = self._deployment_of(key)
        traffic = self._deployments.get(deployment)
        if traffic is None:
            return ()
        return traffic.problems(serving_pods(self._cache, deployment), now=time.time())

    def unwatched(self, key: Key) -> str:
        """Return why a DriftMonitor's rows cannot be evaluated; empty when they can."""
        deployment = self._deployment_of(key)
        traffic = self._deployments.get(deployment)
        return (
            self._no_reference.get(deployment)
            or self._evaluations.failures.get(key)
            or (traffic.unwatched if traffic else "")
        )

    def _deployment_of(self, key: Key) -> Key:
        monitor = self._cache.get(key)
        name = monitor["spec"]["deploymentRef"]["name"] if monitor else ""
        return Key(MODEL_DEPLOYMENT, key.namespace, name)

    async def run(self) -> None:
        """Pull until cancelled."""
        try:
            async with pull.session() as session, asyncio.TaskGroup() as group:
                while True:
                    started = time.monotonic()
                    self._begin_visits(group, session)
                    pause = PERIOD_SECONDS - (time.monotonic() - started)
                    # At least a little, so that reconciles get their turn under load.
                    await asyncio.sleep(max(0.1, pause))
        finally:
            self._evaluations.close()

    def _begin_visits(self, group: asyncio.TaskGroup, session: aiohttp.ClientSession) -> None:
        """Visit every deployment whose last visit has ended, so that a slow one delays no other."""
        deployments = dict(self._objects.readable(ModelDeployment))
        pods, monitors = by_deployment(self._cache), self._evaluations.begin_round()
        for key in deployments.keys() - self._visiting:
            visit = self._visit(
                session, key, deployments[key], pods.get(key, []), monitors.get(key, [])
            )
            self._visiting.add(key)
            task = group.create_task(_log_errors(key, visit))
            task.add_done_callback(partial(self._visit_ended, key))
        for gone in self._deployments.keys() - deployments.keys():
            del self._deployments[gone]
            self._no_reference.pop(gone, None)

    def _visit_ended(self, key: Key, _: asyncio.Task[None]) -> None:
        self._visiting.discard(key)

    async def _visit(
        self,
        session: aiohttp.ClientSession,
        key: Key,
        deployment: ModelDeployment,
        pods: list[ServingPod],
        monitors: list[DriftMonitor],
    ) -> None:
        """Pull from a deployment's pods and have its monitors evaluated."""
        traffic = self._deployments.setdefault(key, DeploymentTraffic())
        await self._watch_stable(key, traffic, deployment)
        await _log_errors(key, self._watch_canary(key, traffic, deployment))
        asked = [pod for pod in pods if pod.address]
        pulls = (_log_errors(key, self._pull(session, pod, traffic, deployment)) for pod in asked)
        await asyncio.gather(*pulls)
        traffic.advance(asked, identities=_identities(deployment), now=time.time())
        # While a rollout is under way, each new count can end its step.
        if deployment.status.canary:
            self._queue.add(key, urgent=False)
        await _log_errors(key, self._evaluate(monitors, traffic, deployment))

    async def _evaluate(
        self, monitors: list[DriftMonitor], traffic: DeploymentTraffic, deployment: ModelDeployment
    ) -> None:
        stable = deployment.status.stable
        if stable and traffic.identity == stable.identity and traffic.counts:
            counts, watermark = traffic.counts, traffic.watermark
            await self._evaluations.evaluate(monitors, counts, watermark, stable.model)

    async def _watch_stable(
        self, key: Key, traffic: DeploymentTraffic, deployment: ModelDeployment
    ) -> None:
        """Count with the reference of the stable model; start again when that changes."""
        stable = deployment.status.stable
        if stable is None or traffic.identity == stable.identity:
            self._no_reference.pop(key, None)
            return
        try:
            traffic.watch(stable.identity, await self._reference(key.namespace, stable.manifest))
        except Exception as error:
            self._lacks_reference(key, stable.identity, error)

    async def _watch_canary(
        self, key: Key, traffic: DeploymentTraffic, deployment: ModelDeployment
    ) -> None:
        """Count a canary's predictions since its step began; none if its model has no reference.

        A reference that cannot be read now is read in the next visit.
        """
        canary = deployment.status.canary
        if canary is None or canary.step_since is None:
            traffic.stop_comparing()
            return
        since = int(canary.step_since.timestamp())
        if traffic.compares(canary.identity, since=since):
            return
        try:
            reference = await self._reference(key.namespace, canary.manifest)
        except StoreError as error:
            log.warning("reference of a canary not read", error=error, **key.log_fields)
            return
        except ValueError:
            reference = []
        traffic.compare(canary.identity, reference, since=since)

    def _lacks_reference(self, key: Key, identity: str, error: Exception) -> None:
        """Note that rows cannot be compared with anything; the next visit tries again."""
        # These errors are written for users; any other is a mistake of ours and needs a traceback.
        is_for_users = isinstance(error, StoreError | ValueError)
        why = str(error) if is_for_users else internal(error)
        problem = f"the reference of model {identity} cannot be read: {why}"
        # Logged once, since the next visit comes in a second.
        if self._no_reference.get(key) != problem:
            note = "reference of a model not read"
            if is_for_users:
                log.warning(note, error=error, **key.log_fields)
            else:
                log.exception(note, error, **key.log_fields)
        self._no_reference[key] = problem

    async def _reference(self, namespace: str, digest: str) -> list[dict[str, Any]]:
        """Return the reference of a model: the columns that it counts."""
        manifest = await self._results.manifest(namespace, digest)
        model_file = next((f for f in files_of(manifest) if f.path == layout.MODEL_FILE), None)
        if model_file is None:
            raise ValueError(
                f"its manifest does not list {layout.MODEL_FILE}; create a new TrainingRun"
            )
        store = self._results.store(namespace)
        content = await asyncio.to_thread(
            store.get_blob, model_file.blob, limit_bytes=MODEL_FILE_LIMIT
        )
        if not (columns := model_json.read(content).columns):
            raise ValueError(f"{layout.MODEL_FILE} has no reference; create a new TrainingRun")
        return columns

    async def _pull(
        self,
        session: aiohttp.ClientSession,
        pod: ServingPod,
        traffic: DeploymentTraffic,
        deployment: ModelDeployment,
    ) -> None:
        """Pull from one pod; a pod that does not answer is asked again in a second."""
        request = ControlRequest(
            routing=routing.routing_for(deployment, pod.identity),
            since=traffic.since(pod),
            version=control.VERSION,
        )
        reply = _add_reply(traffic, pod, await pull.pull(session, pod.address, request))
        if isinstance(reply, PullFailed):
            traffic.failed(pod, reply, now=time.time())
            self._metrics.pull_failed(reply.reason)


def _add_reply(
    traffic: DeploymentTraffic, pod: ServingPod, reply: ControlReply | PullFailed
) -> PullFailed | None:
    """Add a reply to the traffic; return why that failed, or None."""
    if isinstance(reply, PullFailed):
        return reply
    try:
        traffic.report(pod, reply, now=time.time())
    except UnreadableMessage as error:
        return PullFailed("unreadable", str(error))
    return None


async def _log_errors(key: Key, work: Awaitable[None]) -> None:
    """Do one part of the work, and log its error: it must not stop the other parts."""
    try:
        await work
    except Exception as error:
        log.exception("pulling counts failed", error, **key.log_fields)


def _identities(deployment: ModelDeployment) -> set[str]:
    """Return the identities that serve or may serve again."""
    status = deployment.status
    named = {one.identity for one in (status.stable, status.canary) if one}
    return named | {old.identity for old in status.retiring}
