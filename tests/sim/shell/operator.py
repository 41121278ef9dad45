"""The whole operator, with Kopf, against the fake API server; started again whenever it ends."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.engine.versions import version_of
from plumbline.kube.client import Client
from plumbline.plan.common.settings import Settings
from plumbline.plan.registry import OTHERS, OURS
from plumbline.shell.kopf_settings import Timing
from plumbline.shell.metrics import Metrics
from plumbline.shell.operator import Operator
from plumbline.shell.settings import ProcessSettings
from plumbline.shell.watches import Ended

from tests.sim.fakeapi.backends import CRD, EVENT, LEASE, NAMESPACE, Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.unit.engine.clock import SetClock

# Kopf waits until it has found namespaces among what is served, even if it watches everywhere.
WATCHED = (*OURS, *OTHERS)
RESOURCES = (*WATCHED, EVENT, LEASE, NAMESPACE, CRD)
WITH_STATUS = {resource.plural for resource in WATCHED} - {"configmaps"}
HERE = "here"
PROVE = pytest.mark.prove
QUICK = Timing(request=0.6, silence=0.6, backoffs=(0.05,) * 1_000, idle=0.2)
Object = dict[str, Any]
SETTINGS = Settings(
    trainer_image="trainer:1",
    server_image="server:1",
    store_url="memory:///{namespace}",
    namespaces=frozenset({HERE}),
)


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[tuple[Backend, FakeApi]]:
    """Serve our kinds, those that ours make, and what Kopf looks for."""
    async with (
        FakeApi(
            resources=RESOURCES, with_status=WITH_STATUS, **{"bookmark_seconds": 0.2} | options
        ) as api,
        Client(api.connection()) as client,
    ):
        yield Backend(client, api.connection(), HERE, api), api


class Running:
    """An operator that is started again when Kopf ends, as its pod would be."""

    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self.starts = 0
        self.operator: Operator | None = None
        self.metrics, self.clock = Metrics(), SetClock()

    async def run(self) -> None:
        while True:
            self.starts += 1
            self.metrics = Metrics()
            async with Client(self._api.connection()) as client:
                self.operator = Operator(
                    settings=ProcessSettings(
                        for_plans=SETTINGS, namespace="system", identity="one", workers=4
                    ),
                    client=client,
                    connection=self._api.connection(),
                    metrics=self.metrics,
                    clock=self.clock,
                    timing=QUICK,
                )
                try:
                    await self.operator.run()
                except* Ended:
                    pass

    def missing(self) -> list[str]:
        """Return why it is not ready."""
        if self.operator is None:
            return ["it has not begun"]
        return self.operator.missing() if self.operator.leads else ["it has not begun"]

    def disagreements(self, api: FakeApi) -> list[str]:
        """Return what the operator does not know as it is, or has not done yet."""
        assert self.operator
        cache, queue = self.operator.cache, self.operator.queue
        known = {key: cache.get(key) for resource in WATCHED for key in cache.keys(resource)}
        held = {k: v for k, v in api.store.objects.items() if k.resource in OURS or _is_child(k, v)}
        wrong = {k for k in known.keys() | held.keys() if _version(known, k) != _version(held, k)}
        wrong -= {key for resource in WATCHED for key in cache.unreadable.keys(resource)}
        busy = ["the queue"] if len(queue) or queue.longest_work()[1] else []
        return [f"{key.resource.kind} {key.name}" for key in sorted(wrong)] + busy


@asynccontextmanager
async def running(api: FakeApi, *, ready: bool = True) -> AsyncIterator[Running]:
    """Run an operator, at first until it is ready; leaving kills it wherever it is."""
    found = Running(api)
    task = asyncio.create_task(found.run())
    try:
        if ready:
            await eventually(lambda: not found.missing(), seconds=20, why=found.missing)
        yield found
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _is_child(key: Key, obj: Object) -> bool:
    labels = obj["metadata"].get("labels", {})
    return key.resource in OTHERS and labels.get(names.MANAGED_BY) == names.MANAGER


def _version(objects: Mapping[Key, Any], key: Key) -> str:
    return version_of(objects[key]) if key in objects else "gone"
