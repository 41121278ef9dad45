"""What a plan is shown of the world."""

from dataclasses import fields
from typing import Any, cast

import pytest
from plumbline.api.objects import Key
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.engine.cache import Cache
from plumbline.plan.common.settings import Settings
from plumbline.plan.dataset.kind import KIND as DATASET_KIND
from plumbline.plan.kind import Kind
from plumbline.plan.registry import KINDS
from plumbline.shell.gather import Gatherer
from plumbline.shell.job_results import JobResults
from plumbline.shell.object_reader import ObjectReader

from tests.chart.objects import DIGEST, SPECS

DATA = Key(DATASET, "team", "data")


def observe(cache: Cache, key: Key, spec: Any, status: Any) -> None:
    about = {"name": key.name, "namespace": key.namespace, "uid": key.name, "resourceVersion": "1"}
    cache.observe(key, {"metadata": about, "spec": spec, "status": status})


AROUND = {"settings": lambda _: Settings(trainer_image="t", server_image="s")} | {
    name: lambda _: None for name in ("now", "traffic", "assessment", "unreadable", "why_unwatched")
}


def gatherer(kind: Kind[Any], cache: Cache) -> Gatherer:
    return Gatherer(
        kind,
        cache=cache,
        objects=ObjectReader(cache, KINDS),
        results=cast(JobResults, None),
        sources=AROUND,
    )


async def revision_before(cache: Cache) -> int:
    snapshot = await gatherer(DATASET_KIND, cache).gather(DATA)
    return int(snapshot.last_revision) if snapshot else -1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
async def test_what_a_kind_declares_fills_its_snapshot(kind: Kind[Any]) -> None:
    cache, key = Cache(), Key(kind.resource, "team", "it")
    observe(cache, key, SPECS[kind.resource.kind], {})
    filled = {kind.subject, *AROUND} | {reads.into for reads in kind.reads}
    filled |= {name for owns in kind.owns for name in (owns.into, owns.outcomes)}
    snapshot = await gatherer(kind, cache).gather(key)
    assert snapshot is not None
    assert {field.name for field in fields(snapshot)} <= filled
    assert await gatherer(kind, cache).gather(Key(kind.resource, "team", "gone")) is None


async def test_a_dataset_that_is_made_again_goes_on_after_the_revisions_that_runs_know() -> None:
    cache = Cache()
    for number, (namespace, name) in enumerate(
        [("team", "data"), ("team", "data"), ("team", "other"), ("elsewhere", "data")]
    ):
        pin = {"name": name, "revision": 7 + number, "digest": DIGEST, "manifest": DIGEST}
        key = Key(TRAINING_RUN, namespace, f"run-{number}")
        observe(cache, key, SPECS["TrainingRun"], {"dataset": pin})
    observe(cache, Key(TRAINING_RUN, "team", "new"), SPECS["TrainingRun"], {})
    observe(cache, DATA, SPECS["Dataset"], {"observedGeneration": -1})
    assert await revision_before(cache) == 8
