"""Bounds hold for few rows, rare classes and heavy tails, or say that they do not."""

import math

import numpy as np
import pytest
from plumbline.api.metrics import METRICS
from plumbline.stats import bounds
from plumbline.stats.bounds import Level
from plumbline.stats.gates import judge_champion, judge_metric, resolution
from plumbline.stats.intervals import Interval
from plumbline.stats.measure import evaluate, improvement
from scipy import stats

from tests.prove import gates

LEVEL = Level(0.975, 10_000)
FEW = 400


@pytest.mark.parametrize(("right", "rows"), [(0, 10), (3, 50), (25, 50), (50, 50), (199, 200)])
def test_a_share_has_the_exact_bounds_of_clopper_and_pearson(right: int, rows: int) -> None:
    found = bounds.share_bounds(right / rows, rows, LEVEL)
    exact = stats.binomtest(right, rows).proportion_ci(0.95, method="exact")
    assert found == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_without_any_error_the_upper_bound_is_the_rule_of_three() -> None:
    found = bounds.mean_high(0.0, 0.0, 1 / 200, Level(0.95, 10**6))
    assert found == pytest.approx(-math.log(0.05) / 200, rel=1e-3)


def test_few_groups_widen_a_variance_as_students_quantile_does() -> None:
    found = Level(0.975, 5).widening
    assert found == pytest.approx((stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975)) ** 2)
    assert Level(0.975, 1).widening == math.inf


@pytest.mark.parametrize("metric", METRICS)
def test_one_group_promises_nothing(metric: str) -> None:
    rng = np.random.default_rng(8)
    labels, said = (rng.random(40) < 0.5).astype(float), rng.random(40)
    found = evaluate(METRICS[metric], labels, said, groups=np.zeros(40))
    facts = METRICS[metric]
    assert found.low == pytest.approx(
        max(0.0, facts.low) if facts.low == 0 else -math.inf, abs=0.05
    )
    assert found.high >= min(facts.high, 1.0) - 0.05
    gain = improvement(METRICS[metric], labels, said, rng.random(40), groups=np.zeros(40))
    assert gain.low < -0.05


@pytest.mark.parametrize("metric", ["brier", "log_loss"])
def test_a_bar_on_a_loss_is_not_cleared_without_any_positive_row(metric: str) -> None:
    found = evaluate(METRICS[metric], np.zeros(200), np.full(200, 0.005))
    loss = {"brier": 0.995**2, "log_loss": -math.log(0.005)}[metric]
    assert found.high >= 3 * loss / 200
    verdict = judge_metric(metric, found, minimum=None, maximum=0.9 * 0.005 * loss)
    assert verdict.verdict == "Inconclusive"


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2"])
def test_a_few_rows_without_any_error_do_not_promise_that_there_is_none(metric: str) -> None:
    target = np.array([1.0, 3.0])
    found = evaluate(METRICS[metric], target, target)
    assert found.high - found.low > 0.5


def test_a_tail_that_three_rows_carry_is_inconclusive_and_names_them() -> None:
    errors = np.full(200, 0.1)
    errors[[6, 40, 99]] = [30.0, 20.0, 25.0]
    found = evaluate(METRICS["rmse"], errors, np.zeros(200))
    verdict = judge_metric("rmse", found, minimum=None, maximum=100.0)
    assert verdict.verdict == "Inconclusive"
    assert "(number 7, 100, 41) carry 100 % of it" in verdict.message
    assert judge_metric("rmse", found, minimum=None, maximum=0.01).verdict == "Failed"


@pytest.mark.parametrize("metric", ["accuracy", "f1", "auc", "brier", "log_loss"])
def test_models_that_never_disagreed_may_still_differ(metric: str) -> None:
    labels = (np.arange(50) % 2).astype(float)
    said = np.where(np.arange(50) % 5 == 0, 1 - labels, labels) * 0.6 + 0.2
    gain = improvement(METRICS[metric], labels, said, said, confidence=0.9)
    assert gain.value == 0
    assert gain.low <= math.log(0.05) / 50 * 0.5
    assert judge_champion(metric, gain, margin=0.0099).verdict == "Inconclusive"


def test_three_rows_better_and_none_worse_of_fifty_prove_nothing() -> None:
    labels = np.ones(50)
    new, old = np.ones(50), (np.arange(50) >= 3).astype(float)
    gain = improvement(METRICS["accuracy"], labels, new, old, confidence=0.9)
    assert judge_champion("accuracy", gain, margin=0.0).verdict == "Inconclusive"


def test_the_rows_that_a_message_names_decide_in_four_of_five_cases() -> None:
    # A share of .8 against a bar of .76: the first 200 rows cannot tell.
    rng, needed = np.random.default_rng(9), 0
    first = evaluate(METRICS["accuracy"], np.ones(200), (np.arange(200) < 160).astype(float))
    needed = judge_metric("accuracy", first, minimum=0.76, maximum=None).rows_needed
    decided = 0
    for _ in range(FEW):
        right = (rng.random(needed) < 0.8).astype(float)
        found = evaluate(METRICS["accuracy"], np.ones(needed), right)
        decided += judge_metric("accuracy", found, minimum=0.76, maximum=None).verdict == "Passed"
    assert 0.74 <= decided / FEW <= 0.9


def test_an_inconclusive_comparison_says_which_difference_the_rows_can_show() -> None:
    gain = Interval(value=0.0, low=-0.02, high=0.02, n=500, groups=500, confidence=0.9)
    said = judge_champion("auc", gain, margin=0.01).message
    assert said.endswith("500 rows can show a difference of 0.0302")


def test_what_rows_can_show_is_said_beforehand() -> None:
    assert resolution(1000) == pytest.approx(0.0249, abs=1e-4)


# A sample of tests/prove/gates.py: where bounds missed most often before. Binomial noise of 400
# runs at 2.5 % stays below 5.5 % in 999 of 1,000 cases.
CELLS = [
    ("50 % positive, auc .985", "log_loss", 50),
    ("5 % positive, auc .84", "f1", 50),
    ("5 % positive, auc .84", "brier", 50),
    ("1 % positive, auc .84", "log_loss", 200),
    ("t3 errors", "rmse", 50),
    ("t3 errors", "r2", 200),
    ("lognormal target", "rmse", 200),
    ("5 groups of 50", "auc", 250),
]
TRUE = {
    ("50 % positive, auc .985", "log_loss"): 0.1564,
    ("5 % positive, auc .84", "f1"): 0.1474,
    ("5 % positive, auc .84", "brier"): 0.0406,
    ("1 % positive, auc .84", "log_loss"): 0.04655,
    ("t3 errors", "rmse"): math.sqrt(3),
    ("t3 errors", "r2"): 0.25,
    ("lognormal target", "rmse"): math.sqrt(math.exp(1.28) * (math.exp(0.72) - math.exp(0.36))),
    ("5 groups of 50", "auc"): 0.7231,
}


@pytest.mark.parametrize(("name", "metric", "n"), CELLS)
def test_each_side_of_an_interval_misses_no_more_often_than_it_says(
    name: str, metric: str, n: int
) -> None:
    world = next(each for each in gates.WORLDS if each.name == name)
    found = gates.missed(world, n, {metric: TRUE[name, metric]}, FEW)[metric]
    assert found.low <= 0.055
    assert found.high <= 0.055


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2"])
@pytest.mark.parametrize("n", [50, 200])
def test_normal_errors_are_seldom_inconclusive(metric: str, n: int) -> None:
    world = next(each for each in gates.WORLDS if each.name == "normal errors")
    wanted = {"mae": math.sqrt(2 / math.pi), "rmse": 1.0, "r2": 0.5}[metric]
    assert gates.missed(world, n, {metric: wanted}, FEW)[metric].unknown <= 0.05


@pytest.mark.parametrize("metric", ["accuracy", "f1", "brier"])
@pytest.mark.parametrize("share", [0.005, 0.01, 0.02])
def test_a_model_that_is_worse_by_the_margin_seldom_passes(metric: str, share: float) -> None:
    names = {0.005: "wrong on .5 % more rows", 0.01: "wrong on 1 % more rows"}
    name = names.get(share, "wrong on 2 % more rows")
    world = next(each for each in gates.CHAMPIONS if each.name == name)
    gain = {"accuracy": -1.0, "f1": -1.0, "brier": -0.6}[metric] * share
    assert gates.passes(world, 50, {metric: -gain}, FEW)[metric] <= 0.09
