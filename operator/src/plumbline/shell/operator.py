"""The operator as a whole: everything that runs while this replica leads."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.resources import JOB
from plumbline.engine.cache import Cache, Object
from plumbline.engine.effects import Effects
from plumbline.engine.informer import Informer
from plumbline.engine.liveness import Liveness
from plumbline.engine.queue import Queue
from plumbline.engine.worker import Workers
from plumbline.kube.client import Client
from plumbline.kube.config import Connection
from plumbline.kube.events import Recorder
from plumbline.plan.registry import CHILDREN, KINDS, OURS
from plumbline.shell import watches
from plumbline.shell.controllers import Reconciler, controllers, resource_of
from plumbline.shell.gather import Objects
from plumbline.shell.metrics import Metrics
from plumbline.shell.puller import Puller
from plumbline.shell.records import Records
from plumbline.shell.settings import Process
from plumbline.shell.wakes import Wakes
from plumbline.store import Store

RESYNC_SECONDS = 600.0
# Jobs are created once and never compared; their pods' template is most of what they are.
UNREAD = {JOB: (("spec", "template"),)}


class Operator:
    """One leading replica."""

    def __init__(
        self, *, process: Process, client: Client, connection: Connection, metrics: Metrics
    ) -> None:
        """Wire the parts together; nothing runs yet."""
        self._process, self._connection = process, connection
        self._cache, self._queue = Cache(UNREAD), Queue(metrics=metrics)
        self._cache.on_change(self._wake)
        records = Records(self._open_store)
        self._puller = Puller(
            cache=self._cache, queue=self._queue, metrics=metrics, records=records
        )
        objects = Objects(self._cache, KINDS)
        self._wakes = Wakes(KINDS, self._cache, objects)
        around = {
            "settings": lambda _: process.plan,
            "now": lambda _: datetime.now(UTC),
            "traffic": self._puller.traffic,
            "assessment": self._puller.assessment,
            "unreadable": self._puller.unreadable,
        }
        by_kind = controllers(
            KINDS, cache=self._cache, objects=objects, records=records, around=around
        )
        recorder = Recorder(client)
        effects = Effects(
            client=client, cache=self._cache, recorder=recorder, resource_of=resource_of
        )
        reconciler = Reconciler(cache=self._cache, effects=effects, by_kind=by_kind)
        self._workers = Workers(
            self._queue, reconcile=reconciler.reconcile, tell=reconciler.tell, metrics=metrics
        )
        ours = f"{names.MANAGED_BY}={names.MANAGER}"
        self._children = [Informer(client, self._cache, kind, labels=ours) for kind in CHILDREN]
        self._owned = [Informer(client, self._cache, kind) for kind in OURS]
        self._liveness = Liveness(self._queue, self._children)
        self._leads = False

    def trouble(self) -> list[str]:
        """Return what is stuck, in words; a replica that waits to lead has nothing to be stuck."""
        return self._liveness.trouble() if self._leads else []

    async def run(self, hear: Callable[[], None]) -> None:
        """Run until cancelled or until a part fails; `hear()` is called to listen to signals."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._liveness.run())
            self._leads = True
            for informer in self._children:
                group.create_task(informer.run())
            for informer in self._children:
                await informer.synced.wait()
            await self._resync()
            group.create_task(watches.run(self._cache, self._connection, hear))
            group.create_task(self._resync_forever())
            group.create_task(self._workers.run(self._process.workers))
            group.create_task(self._puller.run())

    async def _resync(self) -> None:
        """List our kinds, drop what is gone, and look at every object again.

        Kopf does not tell of objects that went away while its watch was broken; this list does.
        """
        for informer in self._owned:
            await informer.relist()
            for key in self._cache.keys(informer.resource):
                self._queue.add(key, urgent=False)

    async def _resync_forever(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            await self._resync()

    def _wake(self, key: Key, old: Object | None, new: Object | None) -> None:
        for woken in self._wakes.woken_by(key, old, new):
            self._queue.add(woken)

    def _open_store(self, namespace: str) -> Store:
        return Store.open(self._process.plan.store_url.format(namespace=namespace))
