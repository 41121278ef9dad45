"""A canary is promoted once it is shown to be no worse, and stopped once shown to be worse."""

from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest
from plumbline.contract.control import LATENCY_BOUNDS
from plumbline.stats.latency import SHARE, upper_quantile
from plumbline.stats.rollout import (
    ALPHA,
    ArmCounts,
    Baseline,
    Comparison,
    Limits,
    RolloutVerdict,
)
from plumbline.stats.sequential import chance_above, chance_below, lower_share, upper_share

BOUNDS = np.array(LATENCY_BOUNDS)


def arm(requests: int, errors: int = 0, *, seconds: float = 0.004, slow: int = 0) -> ArmCounts:
    """Return an arm whose requests all take as long, but for some that take half a second."""
    latency = np.zeros(len(BOUNDS) + 1, dtype=int)
    latency[np.searchsorted(BOUNDS, seconds)] += requests - slow
    latency[np.searchsorted(BOUNDS, 0.5)] += slow
    return ArmCounts(requests=requests, errors=errors, latency=latency.tolist())


def judged(stable: ArmCounts, canary: ArmCounts, **limits: float) -> RolloutVerdict:
    return Comparison(
        stable=stable, canary=canary, bounds=LATENCY_BOUNDS, limits=Limits(**limits)
    ).verdict()


def test_a_canary_without_traffic_never_passes() -> None:
    assert judged(arm(1000), arm(0)).verdict == "Inconclusive"
    assert judged(arm(0), arm(1000)).verdict == "Inconclusive"


def test_a_crashing_canary_is_stopped_before_all_requests_have_come() -> None:
    assert judged(arm(50), arm(5, errors=5)).verdict == "Fail"


def test_a_slow_canary_fails_and_a_healthy_one_passes() -> None:
    slow = judged(arm(900), arm(400, slow=60))
    assert (slow.verdict, slow.cause) == ("Fail", "latency")
    assert judged(arm(900), arm(400)).verdict == "Pass"


def test_a_hundred_requests_do_not_show_that_one_percent_fails_and_the_message_says_so() -> None:
    found = judged(arm(900), arm(100, 1))
    assert found.verdict == "Inconclusive"
    assert "1 of 100 requests failed; error rates up to 7" in found.message
    assert "but the limit is 2 %" in found.message


def test_a_pass_says_what_it_does_not_exclude() -> None:
    found = judged(arm(9000), arm(1000, 5))
    assert found.verdict == "Pass"
    assert "error rates up to 1.39 % cannot be excluded" in found.message


@pytest.mark.parametrize(("allowed", "slack"), [(0.0, 0.005), (0.001, 0.005), (0.01, 0.01)])
def test_the_slack_is_by_default_the_allowed_rate_and_half_a_point_at_least(
    allowed: float, slack: float
) -> None:
    assert Limits(max_error_rate=allowed).slack == slack
    assert Limits(max_error_rate=allowed, error_rate_slack=0.002).slack == 0.002


@pytest.mark.parametrize("weight", [10, 50, 90])
def test_a_model_that_fails_as_often_as_the_one_that_serves_is_not_blocked(weight: int) -> None:
    canary = arm(80_000, 1600)
    requests = 80_000 * (100 - weight) // weight
    assert judged(arm(requests, requests // 50), canary).verdict == "Pass"
    assert judged(arm(requests), canary).verdict == "Fail"


def test_errors_of_the_stable_model_are_named_in_a_fail() -> None:
    found = judged(arm(9000, 180), arm(1000, 80))
    assert found.verdict == "Fail"
    assert "significantly more than 1 %, and than 180 of 9000 of the stable model" in found.message


def test_a_step_of_weight_100_compares_with_what_the_stable_model_showed_before() -> None:
    known = Baseline(requests=1000, errors=20, latency=0.05)
    step = Comparison(
        stable=arm(0), canary=arm(0), bounds=LATENCY_BOUNDS, limits=Limits(), baseline=known
    )
    assert replace(step, canary=arm(600)).verdict().verdict == "Pass"
    assert replace(step, canary=arm(6000, 120)).verdict().verdict != "Fail"
    assert replace(step, canary=arm(600, seconds=0.2)).verdict().cause == "latency"
    assert replace(step, canary=arm(600, 60)).verdict().cause == "errors"


# Point masses and lognormal latencies: what the stable model and the canary take in seconds, and
# the verdict at twice the latency.
POINTS = [
    (0.0201, 0.0999, "Fail"),
    (0.201, 0.999, "Fail"),
    (0.051, 0.199, "Fail"),
    (5.1, 60.0, "Fail"),
    (0.08, 0.24, "Fail"),
    (0.08, 0.2, "Fail"),
    (0.08, 0.16, "Pass"),
    (0.08, 0.12, "Pass"),
    (0.001, 0.019, "Pass"),
    (30.0, 30.0, "Pass"),
]


@pytest.mark.parametrize(("old", "new", "verdict"), POINTS)
def test_latencies_are_compared_to_fifteen_percent(old: float, new: float, verdict: str) -> None:
    assert judged(arm(900, seconds=old), arm(400, seconds=new)).verdict == verdict


def test_the_milliseconds_that_are_always_allowed_are_a_choice() -> None:
    slow = arm(900, seconds=0.002), arm(400, seconds=0.015)
    assert judged(*slow).verdict == "Pass"
    assert judged(*slow, latency_slack=0.0).verdict == "Fail"


def test_too_few_requests_of_the_stable_model_decide_nothing_about_latency() -> None:
    found = judged(arm(60), arm(600))
    assert found.verdict == "Inconclusive"
    assert "cannot be compared yet" in found.message


def test_a_share_that_is_allowed_is_not_rejected_for_being_looked_at_often() -> None:
    every = range(10, 1001, 10)
    hits = np.random.default_rng(5).binomial(10, 0.05, size=(1000, len(every))).cumsum(axis=1)
    above = [min(map(chance_above, one, every, repeat(0.05))) for one in hits.tolist()]
    below = [min(map(chance_below, one, every, repeat(0.05))) for one in hits.tolist()]
    assert np.mean(np.array(above) < ALPHA) <= ALPHA
    assert np.mean(np.array(below) < 0.05) <= 0.05


def test_a_canary_that_fails_three_times_as_often_as_allowed_is_stopped_in_time() -> None:
    hits = (np.random.default_rng(6).random((200, 400)) < 0.15).sum(axis=1)
    assert np.mean([chance_above(int(k), 400, 0.05) < ALPHA for k in hits]) > 0.95


def test_the_extremes_of_a_share_are_certain() -> None:
    assert chance_above(1, 1000, 0.0) == 0.0
    assert chance_above(0, 1000, 0.0) == 1.0
    assert chance_above(1000, 1000, 1.0) == 1.0
    assert chance_below(999, 1000, 1.0) == 0.0
    assert chance_below(0, 1000, 0.0) == 1.0


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (0, 100), (3, 100), (100, 100), (7, 10_000)])
def test_the_bounds_of_a_share_are_where_its_tests_begin_to_reject(hits: int, trials: int) -> None:
    low, high = lower_share(hits, trials, 0.05), upper_share(hits, trials, 0.05)
    assert low <= hits / max(1, trials) <= high
    assert low == 0 or chance_above(hits, trials, low) <= 0.05 < chance_above(
        hits, trials, low * 1.01
    )
    assert high == 1 or chance_below(hits, trials, high) <= 0.05 < chance_below(
        hits, trials, high * 0.99
    )


def test_the_bound_of_a_slow_tail_is_not_below_the_truth_at_any_look() -> None:
    rng = np.random.default_rng(7)
    truth = float(np.exp(0.8 * 1.6449))
    wrong = 0
    for _ in range(200):
        drawn = np.searchsorted(BOUNDS, 0.02 * np.exp(0.8 * rng.normal(size=2000)))
        looks = [np.bincount(drawn[:n], minlength=len(BOUNDS) + 1) for n in range(100, 2001, 100)]
        wrong += any(
            upper_quantile(one.tolist(), LATENCY_BOUNDS, 0.05) < 0.02 * truth for one in looks
        )
    assert wrong / 200 <= 0.05
    assert SHARE == 0.95
