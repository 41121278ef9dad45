"""Plays the user and the Job controller: makes runs, and lets every Job run and complete.

There are no pods. So a Job that is active does not say since when: it would be looked for its pod,
and told as one that has none.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.resources import JOB
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.kube.client import Client
from plumbline.kube.config import Connection
from plumbline.kube.errors import Conflict
from plumbline.plan.registry import BY_KIND
from plumbline.store import Store

from tests.unit.plan import builders

NAMESPACE, AT_ONCE, RUNNING_SECONDS = builders.NAMESPACE, 8, 0.3
Object = Mapping[str, Any]


class Driver:
    """Works against one API server and one store."""

    def __init__(self, connection: Connection, store: Path) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.jobs: dict[str, Object] = {}
        self.client = Client(connection, on_request=self._count)
        self._store = Store.open(f"file://{store}/{NAMESPACE}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)

    def _count(self, verb: str, resource: str) -> None:
        self.asked[verb, resource] += 1

    async def finish_jobs(self) -> None:
        """Let every Job that appears run and complete, until cancelled."""
        _, since = await self.client.list(JOB, namespace=NAMESPACE)
        while True:
            async for event in self.client.watch(JOB, since=since, namespace=NAMESPACE):
                since = event["object"]["metadata"]["resourceVersion"]
                if event["type"] == "ADDED":
                    task = asyncio.create_task(self._finish(event["object"]))
                    self._tasks.add(task)
                    task.add_done_callback(self._done)

    async def create_runs(self, number: int) -> None:
        """Create the runs, some at a time."""
        await asyncio.gather(*(self._create(builders.run(f"run-{i:05}")) for i in range(number)))

    async def prepare(self) -> None:
        """Make what runs need: a Dataset and a template."""
        await self._create(builders.dataset())
        await self._create(builders.template())

    async def ready(self) -> bool:
        """Return whether the Dataset has a revision."""
        dataset = await self.client.get(Key(DATASET, NAMESPACE, "flights"))
        return bool(dataset.get("status", {}).get("revision"))

    async def unfinished(self) -> int:
        """Return how many runs have not ended."""
        runs, _ = await self.client.list(TRAINING_RUN, namespace=NAMESPACE)
        return sum(not run.get("status", {}).get("completionTime") for run in runs)

    async def versions(self) -> dict[str, str]:
        """Return the resourceVersion of every run and Job."""
        found = {}
        for resource in (TRAINING_RUN, JOB, DATASET):
            for obj in (await self.client.list(resource, namespace=NAMESPACE))[0]:
                found[obj["metadata"]["uid"]] = obj["metadata"]["resourceVersion"]
        return found

    async def _create(self, manifest: Object) -> None:
        resource = BY_KIND[manifest["apiVersion"], manifest["kind"]]
        async with self._gate:
            await self.client.create(
                Key(resource, NAMESPACE, manifest["metadata"]["name"]), manifest
            )

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()

    async def _finish(self, job: Object) -> None:
        metadata = job["metadata"]
        step = metadata["labels"][names.COMPONENT]
        self.jobs.setdefault(step, job)
        started = _now()
        job = await self._set(job, {"active": 1, "ready": 0})
        await asyncio.sleep(RUNNING_SECONDS)
        record = record_of(step, job)
        self._store.put_pointer(metadata["uid"], self._store.put_manifest(record))
        await self._set(job, completed(started))

    async def _set(self, job: Object, status: Object) -> Object:
        key = Key(JOB, NAMESPACE, job["metadata"]["name"])
        async with self._gate:
            try:
                return await self.client.replace_status(key, {**job, "status": status})
            except Conflict:
                job = await self.client.get(key)
                return await self.client.replace_status(key, {**job, "status": status})


def record_of(step: str, job: Object) -> Object:
    """Return the manifest that the step writes for the Job's owner."""
    uid = job["metadata"]["ownerReferences"][0]["uid"]
    if step == "judge":
        record = builders.judged(uid, case=builders.case_of(job)).record
    else:
        record = {"profile": builders.profiled, "train": builders.trained}[step](uid).record
    assert record is not None
    return record


def completed(started: str) -> Object:
    """Return the status of a Job that is complete, as the API server demands it."""
    now = _now()
    kinds = ("SuccessCriteriaMet", "Complete")
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now, "reason": "CompletionsReached"}
        for kind in kinds
    ]
    times = {"startTime": started, "completionTime": now}
    return {"active": 0, "succeeded": 1, "conditions": conditions, **times}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
