"""Which model is taken: never an older one, never one that its bars or its judge refused."""

from dataclasses import replace

import pytest
from plumbline.plan.model_deployment.plan import plan

from tests.unit.plan.rollout_story import RolloutStory, run, served


def test_a_deployment_serves_on_when_its_run_is_deleted():
    world = served(run("one"))
    before, writes = world.of("Deployment"), world.writes
    world.delete_runs()
    world.settle()
    assert world.of("Deployment") == before
    assert world.writes == writes, "nothing at all has to be said about it"
    assert world.condition("Ready")["reason"] == "Serving"


def test_a_deployment_without_its_run_still_takes_a_new_server_image():
    world = served(run("one"))
    world.delete_runs()
    world.edit(server={"image": "mine:1"})
    world.roll_out()
    assert world.deployment.status.stable.image == "mine:1"


def test_a_canary_whose_run_is_deleted_goes_on():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.delete_runs("two")
    world.settle()
    assert world.rolling_out == "two"


@pytest.mark.parametrize(
    ("older", "fear"),
    [
        (run("old", revision=1, minute=9), "an older data revision that finished later"),
        (run("old", revision=2, minute=1), "the same data revision that finished earlier"),
    ],
)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_selector_never_goes_back(older, fear, is_deleted):
    world = served(run("new", revision=2, minute=5))
    world.add(older)
    if is_deleted:
        world.delete_runs("new")
    world.settle()
    assert (world.serving, world.rolling_out) == ("new", ""), fear


def test_a_run_made_again_under_its_name_brings_no_older_model_back():
    world = served(run("old", revision=1), run("new", revision=2, minute=5))
    world.roll_out()
    world.add(run("new", revision=2, verdict=None))
    world.settle()
    assert (world.serving, world.rolling_out) == ("new", "")


def test_a_model_of_a_run_made_again_under_its_name_is_rolled_out():
    world = served(run("one"))
    world.wait(3600)
    world.add(run("one", minute=90, model="another"))
    world.settle()
    assert world.rolling_out == "one"


def test_a_canary_whose_run_is_made_again_goes_on():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.add(run("two", revision=2, verdict=None))
    world.settle()
    assert world.rolling_out == "two"


def test_a_selector_that_matches_thousands_of_runs_looks_at_each_a_few_times():
    class Counted(tuple):
        def __iter__(self):
            nonlocal looks
            looks += 1
            return super().__iter__()

    looks = 0
    world = served(*(run(f"r{number}", minute=number) for number in range(50)))
    world.roll_out()
    plan(replace(world.snapshot(), runs=Counted(world.snapshot().runs)))
    assert looks < 10


def test_a_run_named_by_hand_may_be_older():
    world = served(run("new", revision=2), run("old", revision=1))
    world.edit(model={"runRef": {"name": "old"}})
    world.settle()
    assert world.rolling_out == "old"
    world.roll_out()
    assert world.serving == "old"


def test_naming_what_serves_calls_a_canary_off():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(model={"runRef": {"name": "one"}})
    world.settle()
    assert world.rolling_out == ""
    assert world.deployment.status.rejected == [], "called off is not rejected"
    assert len(world.of("Deployment")) == 1


def test_a_newer_run_takes_the_place_of_a_canary():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    world.settle()
    world.add(run("three", revision=3))
    world.settle()
    assert (world.rolling_out, world.canary.step) == ("three", 0)
    assert len(world.of("Deployment")) == 2


def test_bars_are_cleared_by_the_bound_and_not_by_the_estimate():
    world = RolloutStory(
        run("one", auc=(0.69, 0.81)), accept={"gates": [{"metric": "auc", "min": 0.7}]}
    )
    world.settle()
    ready = world.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "NotAccepted")
    assert "auc" in ready["message"]
    assert "0.7" in ready["message"]
    assert world.of("Deployment") == []


def test_a_metric_that_the_run_does_not_have_is_not_accepted():
    world = RolloutStory(run("one"), accept={"gates": [{"metric": "f1", "min": 0.1}]})
    world.settle()
    assert "no metric f1 (its metrics: auc)" in world.condition("Ready")["message"]


def test_tighter_bars_do_not_take_down_what_serves():
    world = served(run("one"))
    world.edit(accept={"gates": [{"metric": "auc", "min": 0.99}]})
    world.settle()
    assert world.serving == "one"
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Progressing")["reason"] == "NotAccepted"


@pytest.mark.parametrize("verdict", ["Failed", "Inconclusive", None])
def test_a_run_that_did_not_pass_is_not_served(verdict):
    world = served(run("one"), run("two", revision=2, verdict=verdict))
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
