"""A monitor is evaluated when there are new counts, or when it is another one, and not else."""

import numpy as np
import pytest
from plumbline.api.objects import Key
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.observations import Assessment
from plumbline.live.watermark import Watermark
from plumbline.live.windows import BucketedCounts
from plumbline.plan.registry import KINDS
from plumbline.shell.evaluations import MonitorEvaluations
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader
from plumbline.stats.count import count
from plumbline.stats.reference import category_bins, number_bins

from tests.unit.live.wire import reply, span

MONITOR, DEPLOYMENT = Key(DRIFT_MONITOR, "n", "watch"), Key(MODEL_DEPLOYMENT, "n", "m")
RNG = np.random.default_rng(0)


class Monitored:
    """A monitor in a cache, and the counts that it judges."""

    def __init__(self) -> None:
        self.cache, self.metrics, self.version = Cache(), Metrics(), 0
        self.evaluations = MonitorEvaluations(
            ObjectReader(self.cache, KINDS), Queue(), self.metrics
        )
        bins = number_bins("x", RNG.normal(size=20_000))
        assert bins
        self.counts, self.watermark = BucketedCounts([bins.to_json()]), Watermark()
        self.observe()

    def observe(self, name: str = "watch", **spec: object) -> None:
        self.version += 1
        about = {"namespace": "n", "name": name, "uid": name, "resourceVersion": str(self.version)}
        obj = {"metadata": about, "spec": {"deploymentRef": {"name": "m"}, **spec}}
        self.cache.observe(Key(DRIFT_MONITOR, "n", name), obj)

    def rows(self, second: int, *, shift: float = 0.0) -> None:
        """Let a pod report a second with rows."""
        cells = count(self.counts.layout, {"x": RNG.normal(shift, size=200)})
        self.counts.add([span(second, 200, cells)])
        self.reported(second)

    def reported(self, second: int) -> None:
        self.watermark.report("pod", reply(boot="a", through=second), now=second + 1)
        self.watermark.advance(["pod"], now=second + 1)

    async def evaluate(self) -> Assessment:
        monitors = self.evaluations.begin_round().get(DEPLOYMENT, [])
        await self.evaluations.evaluate(monitors, self.counts, self.watermark, "model")
        return self.evaluations.assessments[MONITOR]


@pytest.fixture
def monitored() -> Monitored:
    return Monitored()


async def test_nothing_is_evaluated_without_new_counts(monitored: Monitored) -> None:
    monitored.rows(10)
    first = await monitored.evaluate()
    for second in range(11, 20):
        monitored.reported(second)
        assert await monitored.evaluate() is first
    monitored.rows(20)
    assert (await monitored.evaluate()).window_rows == 400


async def test_one_burst_of_rows_is_enough_for_an_alarm_in_the_second_after(
    monitored: Monitored,
) -> None:
    for second in range(10, 60):
        monitored.rows(second)
    monitored.rows(60, shift=2.0)
    assert not (await monitored.evaluate()).drifted
    assert not (await monitored.evaluate()).drifted, "the same second was asked about twice"
    monitored.reported(61)
    assert (await monitored.evaluate()).drifted


async def test_an_alarm_does_not_end_because_traffic_does(monitored: Monitored) -> None:
    for second in range(10, 60):
        monitored.rows(second)
    for second in range(60, 64):
        monitored.rows(second, shift=2.0)
        await monitored.evaluate()
    for second in range(64, 9000, 60):
        monitored.reported(second)
        assert (await monitored.evaluate()).drifted


async def test_a_monitor_whose_spec_has_changed_is_evaluated_again(monitored: Monitored) -> None:
    monitored.rows(10)
    assert (await monitored.evaluate()).unknown == ()
    monitored.observe(columns=["y"])
    assert (await monitored.evaluate()).unknown == ("y",)


async def test_rows_that_are_lost_are_told_without_new_ones(monitored: Monitored) -> None:
    monitored.rows(10)
    before = await monitored.evaluate()
    told = reply(boot="a", through=10, totals={"lost": 7})
    monitored.watermark.report("pod", told, now=12)
    after = await monitored.evaluate()
    assert (before.rows_lost, after.rows_lost, after.findings) == (0, 7, before.findings)


async def test_a_monitor_that_cannot_be_read_stops_no_other(
    monitored: Monitored, caplog: pytest.LogCaptureFixture
) -> None:
    monitored.observe("odd", sensitivity="much")
    monitored.rows(10)
    assert (await monitored.evaluate()).window_rows == 200
    assert caplog.records == [], "its reconcile says it once, and this comes every second"


async def test_an_evaluation_that_breaks_is_told_and_stops_no_other(monitored: Monitored) -> None:
    # Of a category without a cell no evaluation can be made.
    odd = {**category_bins("w", ["a"] * 100).to_json(), "categories": [], "counts": []}
    broken = BucketedCounts([odd])
    monitored.observe("second")
    monitored.rows(10)
    for _ in range(2):
        monitors = monitored.evaluations.begin_round()[DEPLOYMENT]
        await monitored.evaluations.evaluate(monitors, broken, monitored.watermark, "model")
        told = monitored.evaluations.failures
        assert sorted(key.name for key in told) == ["second", "watch"]
        assert "the drift test failed with an internal error: " in told[MONITOR]
        assert "Error(" not in told[MONITOR], "no one but a programmer reads Python"
    assert (await monitored.evaluate()).window_rows == 200
    assert not monitored.evaluations.failures


async def test_a_column_that_is_watched_no_longer_shows_no_score(monitored: Monitored) -> None:
    monitored.rows(10)
    await monitored.evaluate()
    assert 'plumbline_drift_score{column="x"' in monitored.metrics.text().decode()
    monitored.observe(columns=["y"])
    await monitored.evaluate()
    page = monitored.metrics.text().decode()
    assert "plumbline_drift_score{" not in page
    assert "plumbline_drift_window_rows{" in page


async def test_lateness_is_shown_and_what_is_suspended_is_not(monitored: Monitored) -> None:
    monitored.rows(10)
    await monitored.evaluate()
    monitored.evaluations.begin_round()
    page = monitored.metrics.text().decode()
    (late,) = [line for line in page.splitlines() if line.startswith("plumbline_evaluation_late")]
    assert 0 < float(late.split()[1]) < 10
    assert 'plumbline_drift_window_rows{monitor="watch",namespace="n"} 200.0' in page
    monitored.observe(suspend=True)
    assert monitored.evaluations.begin_round() == {}
    assert "plumbline_drift_window_rows{" not in monitored.metrics.text().decode()
