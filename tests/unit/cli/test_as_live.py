"""The same rows give the same verdicts to the bit, in a backtest and in the operator."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.api.objects import Key
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR, Sensitivity
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.cli import backtest, replay
from plumbline.cli.arrivals import arrivals
from plumbline.cli.references import bins_of
from plumbline.cli.tables import Table, read
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.deployment_traffic import DeploymentTraffic
from plumbline.live.observations import Assessment
from plumbline.live.pulls import ServingPod
from plumbline.plan.registry import KINDS
from plumbline.shell.evaluations import MonitorEvaluations
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader
from plumbline.stats.bins import ColumnBins
from plumbline.stats.count import count

from tests.unit.cli.running import csv
from tests.unit.live.wire import reply, span

START, RATE = 1_700_000_000, 25
MONITOR, DEPLOYMENT = Key(DRIFT_MONITOR, "n", "watch"), Key(MODEL_DEPLOYMENT, "n", "m")
SETTINGS = replay.Settings(0.1, 1.0)
Rows = Mapping[int, dict[str, np.ndarray[Any, Any]]]


def rows(seconds: range, *, shift: float = 0.0, gaps: float = 0.0) -> Rows:
    """Return the rows of some seconds: all moved by `shift`, a share of them missing."""
    found = {}
    for second in seconds:
        random = np.random.default_rng(second)
        x = random.normal(shift, size=RATE).round(6)
        x[random.random(RATE) < gaps] = np.nan
        city = random.choice(["a", "b", "ü"], RATE).astype(object)
        found[second] = {"x": x, "city": city}
    return found


# Quiet, broken, quiet, silent for minutes, drifted, quiet.
LIFE = {
    **rows(range(START, START + 200)),
    **rows(range(START + 200, START + 240), gaps=0.7),
    **rows(range(START + 240, START + 420)),
    **rows(range(START + 900, START + 960), shift=1.5),
    **rows(range(START + 960, START + 1020)),
}


class Live:
    """The operator: pulls of one pod's counts, and the evaluations of one monitor."""

    def __init__(self, bins: list[ColumnBins]) -> None:
        cache = Cache()
        about = {"namespace": "n", "name": "watch", "uid": "u", "resourceVersion": "1"}
        cache.observe(MONITOR, {"metadata": about, "spec": {"deploymentRef": {"name": "m"}}})
        self.evaluations = MonitorEvaluations(ObjectReader(cache, KINDS), Queue(), Metrics())
        self.traffic = DeploymentTraffic()
        self.traffic.watch("i", [each.to_json() for each in bins])
        self.pod = ServingPod("p", "i", "", "", ready=True)

    async def second(self, second: int, come: Mapping[str, Any] | None) -> Assessment:
        """Pull the counts of a second, and evaluate."""
        assert self.traffic.counts
        told = reply(through=second, now=second)
        if come:
            cells = count(self.traffic.counts.layout, come)
            told.spans.append(span(second, RATE, cells))
        self.traffic.report(self.pod, told, now=second + 1)
        self.traffic.advance([self.pod], identities=["i"], now=second + 1)
        monitors = self.evaluations.begin_round()[DEPLOYMENT]
        await self.evaluations.evaluate(
            monitors, self.traffic.counts, self.traffic.watermark, "model"
        )
        return self.evaluations.assessments[MONITOR]


@pytest.fixture
def then(tmp_path: Path) -> Table:
    known = rows(range(1, 200)).values()
    together = {name: np.concatenate([each[name] for each in known]) for name in ("x", "city")}
    return read(csv(tmp_path / "then.csv", pl.DataFrame(together).fill_nan(None)))


def log(path: Path) -> Path:
    """Write all rows with their times, out of order."""
    parts = [
        pl.DataFrame(each).with_columns(t=pl.lit(second).cast(pl.Int64) * 1000)
        for second, each in LIFE.items()
    ]
    whole = pl.concat(parts).fill_nan(None).with_columns(pl.from_epoch("t", "ms"))
    return csv(path, whole.reverse())


def replayed(path: Path, then: Table) -> Iterator[replay.Moment]:
    now = read(path, like=then)
    come = arrivals(now, "t", 1)
    assert come.places is not None
    moved = replace(now, frame=now.frame[come.places])
    yield from replay.moments(moved, come.seconds, bins_of(then, ("x", "city"), None), SETTINGS)


async def test_a_backtest_says_what_the_operator_said(then: Table, tmp_path: Path) -> None:
    live = Live(bins_of(then, ("x", "city"), None))
    past = {each.second: each.found for each in replayed(log(tmp_path / "log.csv"), then)}
    kinds = set()
    for second in range(START, max(LIFE) + replay.AFTERWARDS):
        found = replace(await live.second(second, LIFE.get(second)), model="", rows_lost=0)
        kinds.add((found.drifted, bool(found.broken)))
        if second in past or second in LIFE:
            assert past[second] == found, second - START
    assert kinds >= {(False, False), (True, False), (False, True)}


def test_the_settings_are_those_of_a_monitor() -> None:
    defaults = {each.name: each.default for each in backtest.backtest.params}
    usual = Sensitivity()
    assert defaults["tolerate"] == usual.tolerate
    assert defaults["false_alarms_per_month"] == usual.false_alarms_per_month
