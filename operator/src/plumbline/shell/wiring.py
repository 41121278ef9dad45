"""Connects all kinds with the engine's cache and queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from plumbline.api.objects import Key
from plumbline.api.resources import JOB
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.effects import Effects
from plumbline.engine.queue import Queue
from plumbline.kube.client import Client
from plumbline.kube.events import EventRecorder
from plumbline.live.observations import Assessment, PodProblem, Traffic
from plumbline.plan.common.settings import Settings
from plumbline.plan.kind import Kind
from plumbline.shell.controllers import Reconciler, controllers, resource_of
from plumbline.shell.gather import FieldSources
from plumbline.shell.job_results import JobResults
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.wake_queue import WakeQueue
from plumbline.shell.wakes import Wakes

# A Job is created once and never compared, and its pod template is its largest part.
DROPPED_FIELDS = {JOB: (("spec", "template"),)}


class LiveTraffic(Protocol):
    """The live traffic that plans read."""

    def traffic(self, key: Key) -> Traffic:
        """Return the counts of a ModelDeployment's pods."""

    def assessment(self, key: Key) -> Assessment | None:
        """Return the newest evaluation of a DriftMonitor."""

    def unreadable(self, key: Key) -> tuple[PodProblem, ...]:
        """Return the pods of a DriftMonitor's deployment whose counts cannot be read."""

    def unwatched(self, key: Key) -> str:
        """Return why a DriftMonitor's rows cannot be evaluated; empty when they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonObjectInputs:
    """What plans read that is no Kubernetes object."""

    settings: Settings
    results: JobResults
    live: LiveTraffic


def connect(
    kinds: Iterable[Kind[Any]],
    *,
    client: Client,
    cache: Cache,
    objects: ObjectReader,
    queue: Queue,
    inputs: NonObjectInputs,
    clock: Clock | None = None,
) -> Reconciler:
    """Let changes of the cache add keys to the queue, and return what reconciles them."""
    kinds, clock = tuple(kinds), clock or RealClock()
    cache.on_change(WakeQueue(queue, Wakes(kinds, cache, objects), clock).wake)
    by_kind = controllers(
        kinds, cache=cache, objects=objects, results=inputs.results, sources=_sources(inputs, clock)
    )
    recorder = EventRecorder(client, now=clock.now)
    effects = Effects(
        client=client, cache=cache, recorder=recorder, resource_of=resource_of, clock=clock
    )
    return Reconciler(cache=cache, effects=effects, by_kind=by_kind)


def _sources(inputs: NonObjectInputs, clock: Clock) -> FieldSources:
    """Return, for each field of a snapshot that holds one of these inputs, what returns it."""
    return {
        "settings": lambda _: inputs.settings,
        "now": lambda _: clock.now(),
        "traffic": inputs.live.traffic,
        "assessment": inputs.live.assessment,
        "unreadable": inputs.live.unreadable,
        "why_unwatched": inputs.live.unwatched,
    }
