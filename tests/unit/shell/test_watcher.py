"""Broken data pages and is never taken for drift: not before it is found, nor once it is mended."""

from collections.abc import Iterable

import numpy as np
import pytest
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.plan.live import Assessment
from plumbline.shell.seconds import Seconds
from plumbline.shell.watcher import SUSPICION_SECONDS, Watcher
from plumbline.stats.bins import ColumnBins
from plumbline.stats.count import count
from plumbline.stats.reference import category_bins, number_bins

RATE = 50
MONITOR = DriftMonitor.model_validate(
    {"metadata": {"name": "m", "namespace": "n"}, "spec": {"deploymentRef": {"name": "m"}}}
)


def watcher(bins: ColumnBins | None) -> Watcher:
    assert bins is not None
    return Watcher("model", Seconds([bins.to_json()]))


def looks(watcher: Watcher, batches: Iterable[np.ndarray], *, after: int = 0) -> list[Assessment]:
    """Let a batch of rows come each second, and look."""
    found = []
    for second, values in enumerate(batches, start=after + 1):
        cells = count(watcher.seconds.layout, {"x": values})
        places = np.flatnonzero(cells)
        wire = {"i": places.tolist(), "c": cells[places].tolist(), "v": {}}
        watcher.seconds.add([{"e": second, "rows": len(values)} | wire])
        found.append(watcher.look(MONITOR, through=second, lost=0))
    return found


def normal(rng: np.random.Generator, seconds: int, **some: float) -> list[np.ndarray]:
    """Return a batch a second, some rows of which hold a value instead."""
    batches = [rng.normal(size=RATE) for _ in range(seconds)]
    for value, share in ((float(name[1:]), share) for name, share in some.items()):
        for batch in batches:
            batch[rng.random(RATE) < share] = value
    return batches


def rules(found: list[Assessment]) -> set[tuple[str, str]]:
    return {(one.column, one.rule) for each in found for one in each.broken}


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_default_that_takes_the_place_of_many_values_pages_and_never_retrains(
    share: float, seed: int
) -> None:
    rng = np.random.default_rng([11, seed])
    mine = watcher(number_bins("x", rng.normal(size=20_000)))
    assert rules(looks(mine, normal(rng, 100))) == set()
    during = looks(mine, normal(rng, 60, _1=share), after=100)
    assert during[-1].broken
    assert rules(during) == {("x", "ValueJump")}
    assert not any(each.drifted for each in during)
    after = looks(mine, normal(rng, 160), after=160)
    assert not after[-1].broken
    assert not any(each.drifted for each in after)


def test_rows_that_were_missing_are_no_drift_once_the_source_is_mended() -> None:
    rng = np.random.default_rng(12)
    mine = watcher(number_bins("x", rng.normal(size=20_000)))
    looks(mine, normal(rng, 30))
    missing = [np.full(RATE, np.nan)] * 30
    during = looks(mine, missing, after=30)
    assert rules(during) == {("x", "NullJump")}
    after = looks(mine, normal(rng, 160), after=60)
    assert not after[-1].broken
    assert not any(each.drifted for each in during + after)


def test_a_category_that_takes_the_place_of_all_others_pages() -> None:
    rng = np.random.default_rng(13)
    mine = watcher(category_bins("x", rng.choice(list("abcdefgh"), 20_000)))
    looks(mine, [rng.choice(list("abcdefgh"), RATE) for _ in range(30)])
    found = looks(mine, [np.array(["c"] * RATE)] * 10, after=30)
    assert rules(found) == {("x", "ValueJump")}
    assert not any(each.drifted for each in found)


def test_an_answer_that_becomes_more_frequent_is_drift_and_not_broken_data() -> None:
    rng = np.random.default_rng(14)
    mine = watcher(number_bins("x", (rng.random(20_000) < 0.5).astype(float)))
    found = looks(mine, [(rng.random(RATE) < 0.72).astype(float) for _ in range(40)])
    assert found[-1].drifted
    assert rules(found) == set()


def test_a_suspicion_that_nothing_settles_does_not_hold_drift_back_for_long() -> None:
    rng = np.random.default_rng(15)
    mine = watcher(number_bins("x", rng.normal(size=400)))
    moved = [batch + 1 for batch in normal(rng, SUSPICION_SECONDS + 20, _1=0.3)]
    found = looks(mine, moved)
    assert rules(found) == set()
    assert not any(each.drifted for each in found[: SUSPICION_SECONDS - 10])
    assert found[-1].drifted
