"""Everything that runs while this replica of the operator leads."""

import asyncio
from collections.abc import Callable, Iterator

from plumbline.api import names
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock
from plumbline.engine.informer import Informer
from plumbline.engine.liveness import Liveness, Watch
from plumbline.engine.queue import Queue
from plumbline.engine.resync import Resync
from plumbline.engine.worker import Workers
from plumbline.kube.client import Client
from plumbline.kube.config import Connection
from plumbline.plan.registry import KINDS, OTHERS, OURS
from plumbline.shell.job_results import JobResults
from plumbline.shell.kopf_settings import Timing
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.puller import Puller
from plumbline.shell.settings import ProcessSettings
from plumbline.shell.watches import Watches
from plumbline.shell.wiring import DROPPED_FIELDS, NonObjectInputs, connect
from plumbline.store import Store


class Operator:
    """One replica: its cache, its queue, and whether it leads."""

    def __init__(
        self,
        *,
        settings: ProcessSettings,
        client: Client,
        connection: Connection,
        metrics: Metrics,
        on_end: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Connect the parts; nothing runs yet.

        Args:
            settings: the settings of this process.
            client: for all reads and writes but Kopf's.
            connection: for Kopf, which has another client.
            metrics: measures what happens.
            on_end: called, on any thread, as soon as a part fails or the work is cancelled.
            clock: for the times of full resyncs and of silence.
            timing: the timeouts of Kopf.
        """
        self._settings, self._on_end = settings, on_end
        self.cache, self.queue = Cache(DROPPED_FIELDS), Queue(metrics=metrics)
        self.cache.unreadable.on_change(metrics.object_unreadable)
        self._workers = self._connect(client, metrics)
        ours = f"{names.MANAGED_BY}={names.MANAGER}"
        self._children = [Informer(client, self.cache, kind, labels=ours) for kind in OTHERS]
        self.resync = Resync(client, self.cache, self.queue, OURS, clock=clock)
        self._watches = Watches(
            self.cache, connection, timing=timing or Timing(), on_failure=on_end, clock=clock
        )
        watches: list[Watch] = [*self._children, *self._watches.streams.all]
        self._liveness = Liveness(self.queue, watches, clock=clock)
        self.leads = False

    def _connect(self, client: Client, metrics: Metrics) -> Workers:
        """Return the workers, whose plans read the cache, the store and the puller."""
        results, objects = JobResults(self._open_store), ObjectReader(self.cache, KINDS)
        self._puller = Puller(
            cache=self.cache, objects=objects, queue=self.queue, metrics=metrics, results=results
        )
        settings = self._settings.for_plans
        reconciler = connect(
            KINDS,
            client=client,
            cache=self.cache,
            objects=objects,
            queue=self.queue,
            inputs=NonObjectInputs(settings=settings, results=results, live=self._puller),
        )
        return Workers(
            self.queue,
            reconcile=reconciler.reconcile,
            report=reconciler.report_error,
            metrics=metrics,
        )

    def trouble(self) -> list[str]:
        """Return what is stuck, as sentences; empty for a replica that does not lead."""
        return self._liveness.trouble() if self.leads else []

    def missing(self) -> list[str]:
        """Return what is not listed or not watched, as sentences; empty if it does not lead."""
        return [*self._unlisted(), *self._unwatched()] if self.leads else []

    async def run(self) -> None:
        """Run until cancelled or until a part fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report_end())
            group.create_task(self._liveness.run())
            self.leads = True
            # Reconciles begin when everything is listed: to a plan, what is not in the cache does
            # not exist.
            for informer in self._children:
                group.create_task(informer.run())
            for informer in self._children:
                await informer.synced.wait()
            await self.resync.once()
            group.create_task(self._watches.run())
            group.create_task(self.resync.run())
            group.create_task(self._workers.run(self._settings.workers))
            group.create_task(self._puller.run())

    async def _report_end(self) -> None:
        """Call `on_end` when the group ends: it cancels this task as soon as another one fails."""
        try:
            await asyncio.Event().wait()
        finally:
            self._on_end()

    def _unlisted(self) -> Iterator[str]:
        children = [each.resource for each in self._children if not each.synced.is_set()]
        for resource in (*children, *self.resync.unlisted()):
            yield f"The list of {resource.plural} has not been read yet."

    def _unwatched(self) -> Iterator[str]:
        for stream in self._watches.streams.all:
            if not stream.is_open:
                yield f"The watch of {stream.resource.plural} is not open."

    def _open_store(self, namespace: str) -> Store:
        return Store.open(self._settings.for_plans.store_url_of(namespace))
