"""The operator as a whole: everything that runs while this replica leads."""

import asyncio
from collections.abc import Callable

from plumbline.api import names
from plumbline.engine.cache import Cache
from plumbline.engine.informer import Informer
from plumbline.engine.liveness import Liveness
from plumbline.engine.queue import Queue
from plumbline.kube.client import Client
from plumbline.kube.config import Connection
from plumbline.plan.registry import CHILDREN, KINDS, OURS
from plumbline.shell import watches
from plumbline.shell.metrics import Metrics
from plumbline.shell.puller import Puller
from plumbline.shell.records import Records
from plumbline.shell.settings import Process
from plumbline.shell.wiring import UNREAD, Outside, wired
from plumbline.store import Store

RESYNC_SECONDS = 600.0


class Operator:
    """One leading replica."""

    def __init__(
        self, *, process: Process, client: Client, connection: Connection, metrics: Metrics
    ) -> None:
        """Wire the parts together; nothing runs yet."""
        self._process, self._connection = process, connection
        self._cache, self._queue = Cache(UNREAD), Queue(metrics=metrics)
        records = Records(self._open_store)
        self._puller = Puller(
            cache=self._cache, queue=self._queue, metrics=metrics, records=records
        )
        self._workers = wired(
            KINDS,
            client=client,
            cache=self._cache,
            queue=self._queue,
            outside=Outside(settings=process.plan, records=records, live=self._puller),
            metrics=metrics,
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

    def _open_store(self, namespace: str) -> Store:
        return Store.open(self._process.plan.store_url.format(namespace=namespace))
