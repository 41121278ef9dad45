"""A canary takes over when it has been measured, step by step, and says what it waits for."""

from dataclasses import replace

import pytest
from plumbline.live.observations import PodProblem
from plumbline.plan.model_deployment.plan import plan

from tests.unit.plan.rollout_story import CRASH, IDENTITY, RolloutStory, run, served


def test_the_first_model_serves_as_soon_as_its_pods_are_ready():
    world = RolloutStory(run("one"))
    world.settle(start_pods=False)
    assert world.answered_by == "", "no Service before there is somebody to answer"
    assert world.condition("Ready")["status"] == "False"
    assert world.condition("Reconciling")["reason"] == "Starting"
    world.settle()
    assert world.serving == "one"
    assert world.condition("Ready")["reason"] == "Serving"
    assert world.condition("Reconciling")["status"] == "absent"


def test_a_canary_with_no_traffic_is_never_promoted():
    world = served(run("one"), run("two", revision=2))
    for _ in range(100):
        world.settle()
        world.wait(3600)
    assert (world.serving, world.rolling_out) == ("one", "two")
    assert "100" in world.condition("Progressing")["message"]


def test_the_message_says_how_many_requests_the_step_still_needs():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(40)
    world.settle()
    message = world.condition("Progressing")["message"]
    assert "step 1 of 2" in message
    assert "60" in message


def test_a_good_canary_goes_through_every_step_and_takes_over():
    world = served(run("one"), run("two", revision=2))
    weights = []
    for _ in range(10):
        world.settle()
        if world.canary is None:
            break
        weights.append(world.canary.weight)
        world.call(5000)
        world.wait(1)
    assert weights == [10, 50]
    assert world.serving == "two"


def test_a_step_of_weight_100_ends_by_what_the_stable_model_showed_before():
    steps = [{"weight": 50}, {"weight": 100}]
    world = served(run("one"), run("two", revision=2), rollout={"steps": steps})
    world.settle()
    world.call(5000)
    world.settle()
    assert world.canary.weight == 100
    assert world.canary.baseline.requests == 10_000
    world.call(5000)
    world.once()
    assert world.serving == "two"


def test_a_step_of_weight_100_before_which_nothing_was_measured_says_what_it_lacks():
    world = served(run("one"), run("two", revision=2), rollout={"steps": [{"weight": 100}]})
    world.settle()
    world.call(5000)
    world.settle()
    assert world.rolling_out == "two"
    message = world.condition("Progressing")["message"]
    assert "the stable model has none (it answers no requests at weight 100)" in message


def test_a_step_whose_weight_is_edited_is_measured_again():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    world.edit(rollout={"steps": [{"weight": 30}, {"weight": 50}]})
    world.settle()
    assert (world.canary.step, world.canary.weight, world.canary.requests) == (0, 30, 0)


def test_a_step_is_not_left_before_its_pause_is_over():
    world = served(
        run("one"),
        run("two", revision=2),
        rollout={"steps": [{"weight": 10, "pauseSeconds": 60}]},
    )
    world.settle()
    world.call(5000)
    world.wait(59)
    world.settle()
    assert world.rolling_out == "two"
    world.wait(1)
    world.settle()
    assert world.serving == "two"


def test_counts_of_pods_that_do_not_follow_the_step_yet_promote_nothing():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    world.traffic = type(world.traffic)(
        arms=world.traffic.arms, latency_bounds=world.traffic.latency_bounds
    )
    world.settle()
    assert world.canary.step == 0


@pytest.mark.parametrize("role", ["stable", "canary"])
def test_a_canary_that_waits_for_a_pod_whose_counts_cannot_be_read_names_it(role):
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    identity = getattr(world.deployment.status, role).identity
    blind = PodProblem(pod="one-1", identity=identity, image="server:9", message="its format is 7")
    world.traffic = replace(world.traffic, routed=frozenset(), unreadable=(blind,))
    world.settle()
    assert world.canary.step == 0
    message = world.condition("Progressing")["message"]
    assert "cannot read the counts of pod one-1 (image server:9): its format is 7" in message


def test_a_canary_that_has_passed_and_lacks_a_pod_says_what_it_waits_for():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    identity = world.canary.identity
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: too little cpu"}
    world.edit(replicas=3)
    world.settle(start_pods=False)
    world.call(5000)
    snapshot = world.snapshot()
    about = {"name": "pod", "labels": {IDENTITY: identity}}
    pod = {"metadata": about, "status": {"conditions": [condition]}}
    seen = replace(snapshot, pods=(pod,), traffic=world.traffic)
    told = plan(seen).status["conditions"]
    message = next(each["message"] for each in told if each["type"] == "Progressing")
    assert "Pass" in message
    assert "when all its pods are ready (1 of 3 are). A pod cannot be scheduled: 0/1" in message
    world.start_pods()
    world.settle()
    assert "all its pods" not in world.condition("Progressing")["message"]


def test_a_canary_beside_pods_that_are_all_down_says_the_way_out_and_takes_it():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.break_pods(world.deployment.status.stable.identity, CRASH)
    world.settle()
    message = world.condition("Progressing")["message"]
    assert "because the pods of run one forward them and none of these is ready" in message
    assert "set spec.rollout.steps to []" in message
    world.edit(rollout={"steps": []})
    world.roll_out()
    assert world.serving == "two"
    assert world.condition("Ready")["status"] == "True"


def test_what_served_before_stays_until_its_clients_have_moved():
    world = served(run("one"), run("two", revision=2))
    old = world.answered_by
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    assert world.answered_by == old, "decided, not yet carried out"
    world.wait(3600)
    world.once()
    assert world.answered_by != old
    assert len(world.of("Deployment")) == 2, "late or not, the old pods stay for a while"
    world.settle()
    assert len(world.of("Service")) == 2, "old pods forward to the new ones"
    world.wait(16)
    world.settle()
    assert len(world.of("Deployment")) == 1
    assert len(world.of("Service")) == 1


def test_nothing_new_begins_while_old_pods_drain():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    world.add(run("three", revision=3))
    world.settle()
    assert world.rolling_out == ""
    world.wait(16)
    world.settle()
    world.wait(1)
    world.settle()
    assert world.rolling_out == "three"


def test_without_steps_a_ready_model_takes_over():
    world = served(run("one"), run("two", revision=2), rollout={"steps": []})
    world.settle()
    assert world.serving == "two"


def test_a_step_that_is_edited_applies_at_once():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(rollout={"steps": [{"weight": 25}]})
    world.settle()
    assert world.canary.weight == 25
