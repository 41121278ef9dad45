"""Broken data pages and is never taken for drift: not before it is found, nor once it is mended."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.live.detector import SUSPICION_SECONDS, recovered
from plumbline.live.observations import Assessment
from plumbline.stats.bins import PREDICTION, ColumnBins
from plumbline.stats.reference import category_bins, number_bins

from tests.unit.live.watching import Watching, monitor

RATE = 50
NORMAL = np.random.default_rng(0).normal(size=20_000)


def with_predictions(seed: int) -> Watching:
    """Watch a feature and predictions that follow it."""
    values = np.random.default_rng(seed).normal(size=20_000)
    return Watching(number_bins("x", values), prediction(values))


def prediction(values: np.ndarray) -> ColumnBins | None:
    found = number_bins(PREDICTION, values)
    return found and replace(found, value_spike=())


def looks(
    mine: Watching,
    batches: Iterable[np.ndarray],
    *,
    after: int = 0,
    predicted: Callable[[np.ndarray], np.ndarray] = np.copy,
) -> list[Assessment]:
    """Let a batch of rows come each second, and look."""
    found = []
    for second, values in enumerate(batches, start=after + 1):
        mine.comes(second, {"x": values, PREDICTION: predicted(values)})
        found.append(mine.evaluate(second))
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


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_default_that_takes_the_place_of_many_values_pages_and_never_retrains(
    share: float, seed: int
) -> None:
    rng = np.random.default_rng([11, seed])
    mine = Watching(number_bins("x", rng.normal(size=20_000)))
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
    mine = Watching(number_bins("x", rng.normal(size=20_000)))
    looks(mine, normal(rng, 30))
    missing = [np.full(RATE, np.nan)] * 30
    during = looks(mine, missing, after=30)
    assert rules(during) == {("x", "NullJump")}
    after = looks(mine, normal(rng, 160), after=60)
    assert not after[-1].broken
    assert not any(each.drifted for each in during + after)


def test_a_category_that_takes_the_place_of_all_others_pages() -> None:
    rng = np.random.default_rng(13)
    mine = Watching(category_bins("x", rng.choice(list("abcdefgh"), 20_000)))
    looks(mine, [rng.choice(list("abcdefgh"), RATE) for _ in range(30)])
    found = looks(mine, [np.array(["c"] * RATE)] * 10, after=30)
    assert rules(found) == {("x", "ValueJump")}
    assert not any(each.drifted for each in found)


def test_an_answer_that_becomes_more_frequent_is_drift_and_not_broken_data() -> None:
    rng = np.random.default_rng(14)
    mine = Watching(number_bins("x", (rng.random(20_000) < 0.5).astype(float)))
    found = looks(mine, [(rng.random(RATE) < 0.72).astype(float) for _ in range(140)])
    assert found[-1].drifted
    assert rules(found) == set()


def test_a_suspicion_that_nothing_settles_does_not_hold_drift_back_for_long() -> None:
    rng = np.random.default_rng(15)
    mine = Watching(number_bins("x", rng.normal(size=400)))
    found = looks(mine, normal(rng, SUSPICION_SECONDS + 80, _1=0.36))
    assert rules(found) == set()
    assert not any(each.drifted for each in found[: SUSPICION_SECONDS - 10])
    assert found[-1].drifted


@pytest.mark.parametrize("seed", range(5))
def test_a_client_that_asks_ten_rows_again_and_again_sends_no_broken_data(seed: int) -> None:
    rng, mine = np.random.default_rng([20, seed]), with_predictions(20)
    some = rng.normal(2.0, size=10)
    found = looks(mine, [*normal(rng, 60), *[np.tile(some, RATE // 10)] * 140])
    assert rules(found) == set()
    assert found[-1].drifted


def test_what_was_predicted_of_broken_rows_is_no_drift_once_the_source_is_mended() -> None:
    rng, mine = np.random.default_rng(16), with_predictions(16)
    looks(mine, normal(rng, 30))
    during = looks(mine, [np.full(RATE, 2.0)] * 40, after=30)
    assert rules(during) == {("x", "ValueJump")}
    after = looks(mine, normal(rng, 160), after=70)
    assert not after[-1].broken
    assert [column for column, _ in after[-1].recovered] == ["x"]
    assert not any(each.drifted for each in during + after)


def test_an_operator_that_starts_again_does_not_take_mended_rows_for_drift() -> None:
    rng, mine = np.random.default_rng(17), with_predictions(17)
    looks(mine, [*normal(rng, 30), *[np.full(RATE, 2.0)] * 40])
    (recovered,) = looks(mine, normal(rng, 60), after=70)[-1].recovered
    mine.resume(remembered(*recovered))
    assert not any(each.drifted for each in looks(mine, normal(rng, 60), after=130))


def remembered(column: str, until: int) -> DriftMonitor:
    ended = {"column": column, "until": datetime.fromtimestamp(until, UTC)}
    return monitor(mended=[ended])


def test_predictions_that_are_all_one_answer_are_drift_and_not_broken_data() -> None:
    rng, mine = np.random.default_rng(18), with_predictions(18)
    looks(mine, normal(rng, 30))
    found = looks(mine, normal(rng, 60), after=30, predicted=lambda v: np.full(len(v), 1.5))
    assert rules(found) == set()
    assert found[-1].drifted


def test_a_world_that_moves_after_the_source_is_mended_is_still_seen() -> None:
    rng, mine = np.random.default_rng(19), with_predictions(19)
    looks(mine, [*normal(rng, 30), *[np.full(RATE, 2.0)] * 40, *normal(rng, 60)])
    found = looks(mine, [each + 1.5 for each in normal(rng, 30)], after=130)
    assert found[-1].drifted
    assert not found[-1].broken


def test_a_column_that_the_model_does_not_count_is_named() -> None:
    mine = with_predictions(0)
    mine.resume(monitor(columns=["x", "y"]))
    assert mine.evaluate(1).unknown == ("y",)
    mine.resume(monitor())
    assert mine.evaluate(2).unknown == ()


def test_a_shift_alarms_within_seconds_and_not_before() -> None:
    rng, mine = np.random.default_rng(21), Watching(number_bins("x", NORMAL))
    assert not any(each.drifted for each in looks(mine, normal(rng, 60)))
    assert looks(mine, [each + 1.5 for each in normal(rng, 10)], after=60)[-1].drifted


def test_sentinel_values_are_broken_data() -> None:
    rng, mine = np.random.default_rng(22), Watching(number_bins("x", NORMAL))
    for second, values in enumerate(normal(rng, 3), start=1):
        mine.comes(second, {"x": values}, x_Min=20)
        found = mine.evaluate(second)
    assert [(one.column, one.rule) for one in found.broken] == [("x", "Min")]


def test_an_operator_that_starts_again_does_not_take_its_first_evaluation_for_the_all_clear() -> (
    None
):
    rng, drifted = np.random.default_rng(23), {"type": "Drifted", "status": "True"}
    stored = monitor(conditions=[{**drifted, "reason": "DriftDetected"}])
    mine = Watching(number_bins("x", NORMAL), stored=stored)
    assert looks(mine, normal(rng, 1))[0].drifted


def test_an_evaluation_is_a_function_of_state_and_evidence() -> None:
    rng, mine = np.random.default_rng(24), with_predictions(24)
    looks(mine, [*normal(rng, 30), *[np.full(RATE, 2.0)] * 40, *normal(rng, 5)])
    state = mine.state
    evidence = mine.counts.evidence(75, since=recovered(state, 75))
    before = evidence.windows.sums.copy()
    assert mine.detector.evaluate(state, evidence) == mine.detector.evaluate(state, evidence)
    assert (evidence.windows.sums == before).all()


def test_no_drift_is_claimed_only_once_it_could_be_found() -> None:
    rng = np.random.default_rng(21)
    mine = Watching(number_bins("x", rng.normal(size=20_000)))
    found = looks(mine, normal(rng, 90))
    learning = [each.is_learning for each in found]
    assert learning == sorted(learning, reverse=True)
    assert 30 < sum(learning) < 80


def test_a_thousand_rows_a_day_are_judged_within_a_day_and_fewer_than_64_never() -> None:
    rng = np.random.default_rng(22)
    for gap, judged in ((86, True), (4000, False)):
        mine = Watching(number_bins("x", rng.normal(size=20_000)))
        for second in range(gap, 86_400, gap):
            mine.comes(second, {"x": rng.normal(size=1)})
        assert mine.evaluate(86_400).is_learning != judged


def test_drift_of_a_few_minutes_is_over_soon_after_its_cause() -> None:
    rng = np.random.default_rng(23)
    mine = Watching(number_bins("x", rng.normal(size=20_000)))
    moved = [rng.normal(2.0, size=RATE) for _ in range(300)]
    found = looks(mine, [*normal(rng, 120), *moved, *normal(rng, 120)])
    assert not any(each.drifted for each in found[:120])
    assert any(each.drifted for each in found[120:125])
    assert all(each.drifted for each in found[130:420])
    assert not any(each.drifted for each in found[480:])
