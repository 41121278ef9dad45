"""Suspended, a deployment serves on and begins nothing."""

from tests.unit.plan.rollout_story import RolloutStory, run, served


def test_suspend_holds_new_rollouts_and_keeps_serving():
    world = served(run("one"), run("two", revision=2), suspend=False)
    world.edit(suspend=True)
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    assert world.condition("Ready")["status"] == "True"


def test_suspend_holds_a_canary_where_it_is():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(suspend=True)
    world.call(5000)
    world.wait(60)
    world.settle()
    assert (world.canary.step, world.canary.weight) == (0, 10)
    assert world.condition("Progressing")["reason"] == "Suspended"
    assert world.condition("Reconciling")["status"] == "absent"
    world.edit(suspend=False)
    world.settle()
    assert world.canary.step == 1


def test_a_suspended_deployment_still_rolls_a_failing_canary_back():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(suspend=True)
    world.call(500, errors=250)
    world.settle()
    assert world.rolling_out == ""


def test_a_suspended_deployment_without_a_model_starts_nothing():
    world = RolloutStory(run("one"), suspend=True)
    world.settle()
    assert world.of("Deployment") == []
    assert world.condition("Ready")["reason"] == "Suspended"
    assert world.condition("Reconciling")["status"] == "absent"
