"""What a plan is shown of the world."""

from datetime import UTC, datetime
from typing import Any, cast

from plumbline.api.objects import Key
from plumbline.api.resources import DATASET, TRAINING_RUN
from plumbline.engine.cache import Cache
from plumbline.plan.common.settings import Settings
from plumbline.shell.records import Records
from plumbline.shell.snapshots import Snapshots, Watch

from tests.chart.objects import DIGEST, SPECS

DATA = Key(DATASET, "team", "data")


def observe(cache: Cache, key: Key, spec: Any, status: Any) -> None:
    about = {"name": key.name, "namespace": key.namespace, "uid": key.name, "resourceVersion": "1"}
    cache.observe(key, {"metadata": about, "spec": spec, "status": status})


async def revision_before(cache: Cache) -> int:
    snapshots = Snapshots(
        cache=cache,
        records=cast(Records, None),
        watch=cast(Watch, None),
        settings=Settings(trainer_image="t", server_image="s"),
        now=lambda: datetime(2026, 1, 5, tzinfo=UTC),
    )
    snapshot = await snapshots.dataset(DATA)
    assert snapshot
    return snapshot.last_revision


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
