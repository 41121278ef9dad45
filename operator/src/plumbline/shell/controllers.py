"""Reconciles each kind by its plan: gather, decide, carry out."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.api.objects import Key, Manifest, Resource, is_leaving
from plumbline.api.plan import Plan
from plumbline.engine.cache import Cache
from plumbline.engine.effects import Effects
from plumbline.kube.errors import QuotaExceeded
from plumbline.log import bind
from plumbline.plan.common import refusal
from plumbline.plan.kind import Kind
from plumbline.plan.registry import BY_KIND
from plumbline.shell.gather import FieldSources, Gatherer
from plumbline.shell.job_results import JobResults
from plumbline.shell.object_reader import ObjectReader
from plumbline.store import StoreError


@dataclass(frozen=True, slots=True)
class Controller:
    """How the engine reconciles one kind: a gatherer and a plan."""

    gather: Callable[[Key], Awaitable[Any]]
    plan: Callable[[Any], Plan]


def controllers(
    kinds: Iterable[Kind[Any]],
    *,
    cache: Cache,
    objects: ObjectReader,
    results: JobResults,
    sources: FieldSources,
) -> dict[Resource, Controller]:
    """Return the controller of each kind."""
    found = {}
    for kind in kinds:
        gatherer = Gatherer(kind, cache=cache, objects=objects, results=results, sources=sources)
        found[kind.resource] = Controller(gatherer.gather, kind.plan)
    return found


def resource_of(manifest: Manifest) -> Resource:
    """Return the resource of a child in a plan."""
    return BY_KIND[manifest["apiVersion"], manifest["kind"]]


class Reconciler:
    """Reconciles any key: gathers the snapshot, makes the plan, and carries it out."""

    def __init__(
        self, *, cache: Cache, effects: Effects, by_kind: dict[Resource, Controller]
    ) -> None:
        """Reconcile with these controllers."""
        self._cache, self._effects, self._by_kind = cache, effects, by_kind

    async def reconcile(self, key: Key) -> datetime | None:
        """Reconcile one object; return when to reconcile it again.

        Raises:
            StoreError: the outcome of a Job cannot be read now; a condition of the object says so.
        """
        controller, seen = self._by_kind[key.resource], self._cache.get(key)
        if seen is not None:
            bind(generation=seen["metadata"].get("generation"))
        try:
            snapshot = await controller.gather(key)
        except StoreError as error:
            await self._report_waiting(key, error)
            raise
        # Gathering may have waited for the store, so the object is read again.
        if snapshot is None or self._is_deleted(key):
            return None
        plan = controller.plan(snapshot)
        await self._effects.carry_out(key, plan, seen=seen)
        return plan.requeue_at

    async def report_error(self, key: Key, error: Exception) -> None:
        """Report on the object an error that the operator cannot fix."""
        if (live := self._cache.get(key)) is None:
            return
        passes = isinstance(error, QuotaExceeded)
        stored = live.get("status", {}).get("conditions", ())
        conditions = refusal.refused(stored, type(error).__name__, str(error), passes=passes)
        generation = live["metadata"].get("generation", 0)
        await self._update_status(
            key, live, {"conditions": conditions, "observedGeneration": generation}
        )

    async def _report_waiting(self, key: Key, error: StoreError) -> None:
        """Report on the object that it waits for the store."""
        if (live := self._cache.get(key)) is None:
            return
        stored = live.get("status", {}).get("conditions", ())
        conditions = refusal.refused(
            stored, error.reason, str(error), passes=True, when="when the store answers"
        )
        await self._update_status(key, live, {"conditions": conditions})

    async def _update_status(self, key: Key, live: Manifest, news: Manifest) -> None:
        await self._effects.set_status(key, {**live.get("status", {}), **news})

    def _is_deleted(self, key: Key) -> bool:
        live = self._cache.get(key)
        return live is None or is_leaving(live)
