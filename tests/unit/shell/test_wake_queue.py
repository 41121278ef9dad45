"""Thousands of readers are woken, but never so many at once that the event loop stands still."""

from collections.abc import Iterator
from typing import Any, cast

from plumbline.api.objects import Key, Resource
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.plan.registry import KINDS
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.wake_queue import AT_ONCE, WakeQueue
from plumbline.shell.wakes import Wakes

from tests.chart.objects import SPECS
from tests.unit.engine.clock import SetClock

RUNS = 5_000
DATA, MODEL = Key(DATASET, "team", "data"), Key(MODEL_DEPLOYMENT, "team", "model")


def obj(resource: Resource, name: str) -> dict[str, Any]:
    about = {"name": name, "namespace": "team", "uid": name, "resourceVersion": "1"}
    return {"metadata": about, "spec": SPECS[resource.kind], "status": {}}


class World:
    """A namespace with thousands of runs that have not ended."""

    def __init__(self) -> None:
        self.clock, self.cache = SetClock(), Cache()
        self.queue = Queue(clock=self.clock)
        for number in range(RUNS):
            name = f"run-{number}"
            self.cache.observe(Key(TRAINING_RUN, "team", name), obj(TRAINING_RUN, name))
        wakes = Wakes(KINDS, self.cache, ObjectReader(self.cache, KINDS))
        self.cache.on_change(WakeQueue(self.queue, wakes, self.clock).wake)


def test_a_dataset_of_5000_runs_wakes_them_all_but_not_at_once() -> None:
    world = World()
    world.cache.observe(DATA, obj(DATASET, "data"))
    assert 1 < len(world.queue) <= AT_ONCE
    world.clock.advance(0)
    assert len(world.queue) == RUNS + 1


def test_changes_that_come_meanwhile_cost_nothing_yet_and_are_not_lost() -> None:
    world = World()
    world.cache.observe(DATA, obj(DATASET, "data"))
    for number in range(5):
        name = f"model-{number}"
        world.cache.observe(Key(MODEL_DEPLOYMENT, "team", name), obj(MODEL_DEPLOYMENT, name))
    assert len(world.queue) <= AT_ONCE
    world.clock.advance(0)
    assert len(world.queue) == RUNS + 6


class Broken:
    """Cannot tell who reads Datasets."""

    def candidates(self, key: Key, *_: object) -> Iterator[Key]:
        yield key
        if key == DATA:
            raise KeyError("surprise")


def test_a_change_whose_readers_cannot_be_asked_keeps_no_other_waiting() -> None:
    queue = Queue(clock=SetClock())
    waking = WakeQueue(queue, cast(Wakes, Broken()), SetClock())
    for key in (DATA, MODEL, DATA):
        waking.wake(key, None, None)
    assert len(queue) == 2
