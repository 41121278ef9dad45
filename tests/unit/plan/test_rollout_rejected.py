"""A bad model is rolled back with its reason, remembered, and tried again when somebody asks."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from plumbline.plan.model_deployment import measure
from plumbline.stats.bins import PREDICTION
from plumbline.stats.predictions import Predictions
from plumbline.stats.reference import number_bins

from tests.unit.plan.rollout_story import CRASH, DAMAGED, NO_IMAGE, RolloutStory, run, served

NONE = np.zeros(0, dtype=int)


def test_a_broken_canary_is_remembered_and_not_retried():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    identity = world.canary.identity
    world.call(500, errors=250)
    world.settle()
    for _ in range(20):
        world.wait(600)
        world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    rejected = world.deployment.status.rejected
    assert [(each.identity, each.run) for each in rejected] == [(identity, "two")]
    assert "250" in rejected[0].message
    assert len(world.told("RolledBack")) == 1
    assert len(world.of("Deployment")) == 1
    assert [s["metadata"]["name"] for s in world.of("Service")] == ["flights"]
    assert world.condition("Progressing")["reason"] == "RolledBack"
    assert "retry" in world.condition("Progressing")["message"]
    assert world.condition("Ready")["status"] == "True"


def test_a_rejected_model_is_tried_again_when_somebody_asks_and_judged_by_new_counts():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    first = measure.routing_id(world.canary)
    world.call(500, errors=250)
    world.settle()
    world.wait(5)
    world.retry("mended the feature store")
    world.settle()
    assert world.rolling_out == "two"
    assert measure.routing_id(world.canary) != first
    world.wait(60)
    world.roll_out()
    assert world.serving == "two"


def test_a_canary_that_predicts_a_constant_is_rolled_back_with_that_reason():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    bins = number_bins(PREDICTION, np.linspace(0, 1, 1000))
    stable = world.deployment.status.stable.identity
    predictions = {
        name: Predictions(column=bins, cells=np.bincount(cells, minlength=bins.size), values=NONE)
        for name, cells in ((stable, np.arange(2000) % 10 + 1), (world.canary.identity, [4] * 300))
    }
    world.call(300)
    world.traffic = replace(world.traffic, predictions=predictions)
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    rejected = world.deployment.status.rejected[0]
    assert rejected.reason == "PredictionsShifted"
    assert "one prediction for 100 % of the rows, the stable model for 10 %" in rejected.message


def fails(world):
    """Let what is rolled out fail, until nothing is."""
    for _ in range(30):
        if world.canary is None:
            return
        world.call(500, errors=500)
        world.wait(1)
        world.settle()
    raise AssertionError("one bad model after the other is tried, for ever")


def test_more_bad_models_than_are_remembered_are_not_tried_in_turns():
    world = served(run("good"))
    for number in range(12):
        world.add(run(f"bad-{number}", revision=2, minute=60 + 2 * number))
        world.settle()
        fails(world)
        world.wait(120)
    assert world.serving == "good"
    assert len(world.told("RolledBack")) == 12
    world.add(run("next", revision=2, minute=100))
    world.settle()
    assert world.rolling_out == "next", "a new model is tried all the same"


def test_a_model_is_tried_in_as_many_servers_as_somebody_asks_for():
    world = served(run("one"))
    for number in range(12):
        world.edit(server={"image": f"mine:{number}"})
        world.settle()
        assert world.canary
        assert world.canary.image == f"mine:{number}"
        fails(world)


def test_a_server_that_is_rolled_back_is_not_said_of_the_run_that_serves():
    world = served(run("one"))
    world.edit(server={"image": "mine:1"})
    world.settle()
    fails(world)
    for _ in range(3):
        message = world.condition("Progressing")["message"]
        assert "Run one was rolled back" not in message
        assert "The change to run one (its model or spec.server) was rolled back" in message
        assert "Run one serves as before." in message
        world.wait(100)
        world.settle()
    assert "Run one serves as before." in world.told("RolledBack")[0]


def test_a_model_that_serves_after_a_retry_is_never_said_to_be_rolled_back():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    fails(world)
    world.retry("again")
    world.roll_out()
    assert world.serving == "two"
    world.retry("")
    world.settle()
    assert world.condition("Progressing")["reason"] == "Idle"


def test_a_model_that_serves_is_never_said_to_be_older_than_all_rollbacks():
    world = served(run("good"))
    bad = [run(f"bad-{number}", revision=2, minute=60 + 2 * number) for number in range(10)]
    for each in bad:
        world.add(each)
        world.settle()
        fails(world)
        world.wait(120)
    world.delete_runs(*(each["metadata"]["name"] for each in bad))
    world.settle()
    assert world.serving == "good"
    assert world.condition("Progressing")["reason"] == "Idle"


def test_a_rejected_model_that_fails_again_after_a_retry_stays_rejected():
    world = served(run("one"), run("two", revision=2))
    for word in ("", "again"):
        if word:
            world.retry(word)
        world.wait(5)
        world.settle()
        world.call(500, errors=250)
        world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    assert len(world.deployment.status.rejected) == 2


def test_the_next_model_after_a_rejected_one_gets_its_chance():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.add(run("three", revision=3))
    world.roll_out()
    assert world.serving == "three"


@pytest.mark.parametrize(
    ("status", "reason"),
    [(CRASH, "CrashLoopBackOff"), (NO_IMAGE, "ImagePullBackOff")],
)
def test_a_canary_that_does_not_start_is_rolled_back_with_the_pods_reason(status, reason):
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, status)
    world.settle()
    assert world.rolling_out == "two", "it has its time"
    assert world.condition("Progressing")["reason"] == reason
    world.wait(601)
    world.settle()
    assert world.rolling_out == ""
    assert world.deployment.status.rejected[0].reason == reason


def test_a_canary_whose_pods_never_come_says_so_by_the_deadline():
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity)
    world.settle()
    world.wait(601)
    world.settle()
    assert world.deployment.status.rejected[0].reason == "ProgressDeadlineExceeded"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("reason", ["connection refused", "", None, 7])
def test_a_server_of_somebodys_own_that_logs_json_gives_no_status_that_the_cluster_refuses(
    reason, first
):
    said = json.dumps({"level": "error", "reason": reason})
    crash = {**CRASH, "lastState": {"terminated": {"exitCode": 1, "message": said}}}
    world = RolloutStory(run("one")) if first else served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, crash)
    world.settle()
    reasons = {each["reason"] for each in world.status["conditions"]}
    assert "CrashLoopBackOff" in reasons
    assert all(re.fullmatch(r"[A-Za-z]+", each) for each in reasons)


def test_a_damaged_model_is_rolled_back_at_once():
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, DAMAGED)
    world.settle()
    rejected = world.deployment.status.rejected[0]
    assert rejected.reason == "ModelDamaged"
    assert "sha256:ab" in rejected.message


def test_a_canary_that_crashes_under_traffic_is_rolled_back():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.break_pods(world.canary.identity, CRASH)
    world.start_pods()
    world.settle()
    assert world.deployment.status.rejected[0].reason == "CrashLoopBackOff"
    assert "KeyError" in world.deployment.status.rejected[0].message


def test_a_broken_first_model_stalls_and_serves_as_soon_as_it_is_mended():
    world = RolloutStory(run("one"))
    world.once()
    identity = world.canary.identity
    world.break_pods(identity, DAMAGED)
    world.settle()
    assert world.condition("Stalled")["reason"] == "ModelDamaged"
    world.mend_pods()
    world.settle()
    assert world.serving == "one"
    assert world.condition("Stalled")["status"] == "absent"
