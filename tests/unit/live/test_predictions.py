"""A canary that predicts a constant is rolled back; one that was retrained after drift is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plumbline.contract.control import LATENCY_BOUNDS
from plumbline.live.deployment_traffic import NEVER, DeploymentTraffic
from plumbline.live.pulls import ServingPod
from plumbline.stats.bins import PREDICTION, ColumnBins, Layout
from plumbline.stats.count import count
from plumbline.stats.predictions import certain_shift, noise
from plumbline.stats.reference import category_bins, number_bins
from plumbline.stats.rollout import ArmCounts, Comparison, Limits, RolloutVerdict

from tests.unit.live.wire import reply, span

T, BEGUN = 1_000_000, 1_000_005
Values = np.ndarray[Any, Any]
Model = Callable[[np.random.Generator, int], Values]


def uniform(rng: np.random.Generator, rows: int) -> Values:
    return rng.random(rows)


def higher(rng: np.random.Generator, rows: int) -> Values:
    return 0.4 + 0.6 * rng.random(rows)


def few(rng: np.random.Generator, rows: int) -> Values:
    return rng.choice([0.1, 0.2, 0.7], rows)


def constant(rng: np.random.Generator, rows: int) -> Values:
    return np.full(rows, 0.31)


def missing(rng: np.random.Generator, rows: int) -> Values:
    return np.full(rows, np.nan)


def classes(rng: np.random.Generator, rows: int) -> Values:
    return rng.choice(np.array(["a", "b", "c"], dtype=object), rows, p=[0.6, 0.3, 0.1])


def one_class(rng: np.random.Generator, rows: int) -> Values:
    return np.full(rows, "a", dtype=object)


def pod(identity: str) -> ServingPod:
    return ServingPod(name=identity, identity=identity, image="i", address="http://a", ready=True)


def reference_of(model: Model) -> ColumnBins:
    values = model(np.random.default_rng(1), 4000)
    make: Any = category_bins if values.dtype == object else number_bins
    found = make(PREDICTION, values)
    if found is None:  # a model that has answered nothing still has cells
        found = number_bins(PREDICTION, np.array([0.0, 1.0] * 50))
    assert isinstance(found, ColumnBins)
    return found


def second_of(model: Model, bins: ColumnBins, second: int, rows: int) -> Any:
    values = model(np.random.default_rng([3, second, rows]), rows)
    return span(second, rows, count(Layout([bins]), {PREDICTION: values}))


def compared(stable: Model, canary: Model, *, seconds: int = 60, **limits: float) -> RolloutVerdict:
    """Let both models serve at 10 %, and return the verdict."""
    models = {"one": (stable, 45), "two": (canary, 5)}
    bins = {name: reference_of(model) for name, (model, _) in models.items()}
    known = DeploymentTraffic()
    known.watch("one", [bins["one"].to_json()])
    known.compare("two", [bins["two"].to_json()], since=BEGUN)
    for second in range(T, BEGUN + seconds + 1):
        for name, (model, rows) in models.items():
            told = [second_of(model, bins[name], second, rows)]
            known.report(pod(name), replied(name, second, told), now=second)
    found = known.traffic([pod("one")], now=BEGUN + seconds).predictions
    assert [int(found[name].cells.sum()) for name in models] == [45 * seconds, 5 * seconds]
    arms = [ArmCounts(requests=rows * seconds, errors=0) for rows in (45, 5)]
    latency = [rows * seconds, *[0] * len(LATENCY_BOUNDS)]
    mine, new = (
        replace(arm, latency=[n * arm.requests // latency[0] for n in latency]) for arm in arms
    )
    pair = (
        replace(found["one"], requests=mine.requests),
        replace(found["two"], requests=new.requests),
    )
    return Comparison(
        stable=mine,
        canary=new,
        bounds=LATENCY_BOUNDS,
        limits=Limits(**limits),
        predictions=pair,
    ).verdict()


def replied(name: str, second: int, spans: list[Any]) -> Any:
    found = reply(boot=name, now=second + 1, through=second)
    found.spans.extend(spans)
    return found


@pytest.mark.parametrize(
    ("stable", "canary", "verdict"),
    [
        (uniform, uniform, "Pass"),
        (uniform, higher, "Pass"),
        (uniform, few, "Pass"),
        (few, uniform, "Pass"),
        (classes, classes, "Pass"),
        (constant, constant, "Pass"),
        (constant, uniform, "Pass"),
        (uniform, constant, "Fail"),
        (uniform, missing, "Fail"),
        (few, constant, "Fail"),
        (classes, one_class, "Fail"),
    ],
)
def test_only_a_constant_is_rolled_back(stable: Model, canary: Model, verdict: str) -> None:
    found = compared(stable, canary)
    assert (found.verdict, found.cause) == (verdict, "predictions" if verdict == "Fail" else "")


def test_a_constant_is_named_with_both_shares() -> None:
    message = compared(uniform, constant).message
    assert (
        "the new model gives one prediction for 100 % of the rows, the stable model for" in message
    )


@pytest.mark.parametrize(("most", "verdict"), [(0.1, "Fail"), (0.5, "Pass")])
def test_predictions_may_differ_only_as_much_as_is_allowed(most: float, verdict: str) -> None:
    found = compared(uniform, higher, seconds=400, max_prediction_shift=most)
    assert found.verdict == verdict


def test_shares_are_not_further_from_the_truth_than_the_noise_at_any_time() -> None:
    rng, rows = np.random.default_rng(2), range(50, 2001, 50)
    wrong = 0
    for _ in range(200):
        values = rng.random(2000)
        ranks = (np.arange(1, n + 1) / n for n in rows)
        gaps = [abs(np.sort(values[: len(rank)]) - rank).max() for rank in ranks]
        wrong += any(gap > noise(n, 0.05) for gap, n in zip(gaps, rows, strict=True))
    assert wrong / 200 <= 0.05


@pytest.mark.parametrize("model", [uniform, few, classes])
def test_equal_models_differ_by_nothing_for_certain(model: Model) -> None:
    assert compared(model, model, seconds=400, max_prediction_shift=0.01).verdict == "Pass"


def test_a_canary_whose_predictions_are_not_counted_yet_does_not_pass() -> None:
    known = DeploymentTraffic()
    known.watch("one", [reference_of(uniform).to_json()])
    known.compare("two", [reference_of(uniform).to_json()], since=BEGUN)
    found = known.traffic([pod("one")], now=BEGUN).predictions
    arm = ArmCounts(requests=1000, errors=0, latency=[1000, *[0] * len(LATENCY_BOUNDS)])
    step = Comparison(
        stable=arm,
        canary=arm,
        bounds=LATENCY_BOUNDS,
        limits=Limits(),
        predictions=(replace(found["one"], requests=1000), replace(found["two"], requests=1000)),
    )
    assert step.verdict().verdict == "Inconclusive"
    assert replace(step, predictions=None).verdict().verdict == "Pass"
    assert certain_shift(found["one"], found["two"], 0.01) == 0


def test_the_pods_of_a_canary_are_asked_for_rows_since_its_step_began() -> None:
    known = DeploymentTraffic()
    known.watch("one", [reference_of(uniform).to_json()])
    assert known.since(pod("two")) == NEVER
    known.compare("two", [], since=BEGUN)
    assert known.since(pod("two")) == BEGUN
    known.report(pod("two"), replied("two", BEGUN + 3, []), now=BEGUN + 4)
    assert known.since(pod("two")) == BEGUN + 3
    assert "two" not in known.traffic([pod("two")], now=BEGUN + 4).predictions
    known.stop_comparing()
    assert known.since(pod("two")) == NEVER


def test_a_canary_that_counts_in_other_cells_is_not_compared_and_blocks_nothing() -> None:
    known, bins = DeploymentTraffic(), reference_of(uniform)
    known.watch("one", [bins.to_json()])
    known.compare("two", [reference_of(few).to_json()], since=BEGUN)
    told = span(BEGUN + 1, 5, np.full(100, 1))
    known.report(pod("two"), replied("two", BEGUN + 1, [told]), now=BEGUN + 2)
    assert known.traffic([pod("two")], now=BEGUN + 2).predictions.keys() == {"one"}
