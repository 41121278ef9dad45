"""A tiny operator on the real engine: each Widget has a Job, and settings while the Job runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from plumbline.api.objects import Key, Manifest, Resource
from plumbline.api.plan import Deletion, Event, Plan
from plumbline.engine.cache import Cache, Object
from plumbline.engine.effects import Effects
from plumbline.engine.informer import Informer
from plumbline.engine.queue import Queue
from plumbline.engine.worker import Workers
from plumbline.kube.client import Client
from plumbline.kube.config import Connection
from plumbline.kube.events import EventRecorder

from tests.sim.fakeapi.backends import CONFIG_MAP, JOB, WIDGET

BY_KIND = {(r.api_version, r.kind): r for r in (WIDGET, JOB, CONFIG_MAP)}


class Operator:
    """One process: what it knows, and what runs."""

    def __init__(self, client: Client, *, relist_seconds: float = 600.0) -> None:
        self.cache, self.queue, self.told = Cache(), Queue(), dict[Key, Exception]()
        self.passes = 0
        self.cache.on_change(self._wake)
        self.effects = Effects(
            client=client,
            cache=self.cache,
            recorder=EventRecorder(client),
            resource_of=lambda manifest: BY_KIND[manifest["apiVersion"], manifest["kind"]],
        )
        self.informers = [
            Informer(
                client,
                self.cache,
                resource,
                relist_seconds=relist_seconds,
                first_backoff_seconds=0.01,
            )
            for resource in (WIDGET, JOB, CONFIG_MAP)
        ]
        self._workers = Workers(self.queue, reconcile=self._reconcile, report=self._tell)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for informer in self.informers:
                group.create_task(informer.run())
            for informer in self.informers:
                await informer.synced.wait()
            group.create_task(self._workers.run(4))

    async def _reconcile(self, key: Key) -> datetime | None:
        self.passes += 1
        widget = self.cache.get(key)
        if widget is None or widget["metadata"].get("deletionTimestamp"):
            return None
        job = self.cache.get(Key(JOB, key.namespace, key.name))
        settings = self.cache.get(Key(CONFIG_MAP, key.namespace, key.name))
        plan = decide(key, widget, job, settings)
        await self.effects.carry_out(key, plan, seen=widget)
        return plan.requeue_at

    async def _tell(self, key: Key, error: Exception) -> None:
        self.told[key] = error

    def _wake(self, key: Key, old: Object | None, new: Object | None) -> None:
        self.queue.add(Key(WIDGET, key.namespace, key.name))


def decide(key: Key, widget: Object, job: Object | None, settings: Object | None) -> Plan:
    """Return what should be true of a Widget: the Job, then the end of it."""
    if job and job.get("status", {}).get("succeeded"):
        going = settings and settings["metadata"]["uid"]
        old = Key(CONFIG_MAP, key.namespace, key.name)
        return Plan(
            status=_status(widget, "True", "Done"),
            delete=(Deletion(key=old, uid=going),) if going else (),
            events=(Event(type="Normal", reason="Done", message="the Job has succeeded"),),
        )
    return Plan(
        create=(_child(JOB, key, widget, spec={"suspend": True}),),
        apply=(_child(CONFIG_MAP, key, widget, data={"size": str(widget["spec"]["size"])}),),
        status=_status(widget, "False", "Running"),
    )


def _status(widget: Object, ready: str, reason: str) -> Manifest:
    condition = {"type": "Ready", "status": ready, "reason": reason, "message": ""}
    generation = widget["metadata"]["generation"]
    return {"observedGeneration": generation, "conditions": [condition]}


def _child(resource: Resource, key: Key, widget: Object, **fields: Any) -> Manifest:
    owner = {
        "apiVersion": WIDGET.api_version,
        "kind": WIDGET.kind,
        "name": key.name,
        "uid": widget["metadata"]["uid"],
        "controller": True,
    }
    metadata = {"name": key.name, "namespace": key.namespace, "ownerReferences": [owner]}
    head = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    return head | fields


@asynccontextmanager
async def running(connection: Connection, **options: Any) -> AsyncIterator[Operator]:
    """Run an operator; leaving kills it wherever it is."""
    async with Client(connection) as client:
        operator = Operator(client, **options)
        task = asyncio.create_task(operator.run())
        try:
            yield operator
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
