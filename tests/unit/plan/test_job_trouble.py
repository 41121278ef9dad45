"""A Job whose pods cannot start: told early, waited for with patience, gone on with when mended."""

from datetime import timedelta

import pytest
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.jobs import FIXABLE_LIMIT, NOTICEABLE

from tests.sim.loop.world import World
from tests.unit.plan.builders import active, profiled
from tests.unit.plan.stories import DatasetStory, RunStory, ready_dataset

LOST = "Container train of pod first-train-x: no such host: check the image's name"


def stuck(world: World, reason: str = "ErrImagePull") -> JobOutcome:
    return JobOutcome(state="Active", reason=reason, message=LOST, since=world.now)


def run_with(reason: str) -> RunStory:
    story = RunStory()
    story.ends("first-train", stuck(story.world, reason))
    return story


def after(story: RunStory | DatasetStory, time: timedelta) -> None:
    story.world.advance(time.total_seconds())


def test_an_image_that_cannot_be_pulled_is_told_at_the_first_failure() -> None:
    story = run_with("ErrImagePull")
    assert story.condition("Ready") == ("False", "ImagePullBackOff")
    assert story.condition("Reconciling") == ("True", "ImagePullBackOff")
    assert story.condition("Stalled") is None
    assert "no such host" in story.message("Ready")


def test_an_image_that_never_comes_calls_a_person_when_time_is_up() -> None:
    story = run_with("ErrImagePull")
    assert story.world.due("TrainingRun", "first") == story.world.now + FIXABLE_LIMIT
    after(story, FIXABLE_LIMIT)
    assert story.condition("Ready") == ("False", "ImagePullBackOff")
    assert story.condition("Stalled") == ("True", "ImagePullBackOff")
    assert story.condition("Reconciling") is None
    assert "continues when the cause is fixed" in story.message("Stalled")


def test_an_image_that_is_mended_late_lets_the_run_go_on() -> None:
    story = run_with("ErrImagePull")
    after(story, FIXABLE_LIMIT)
    story.ends("first-train", active())
    assert story.condition("Stalled") is None
    assert story.condition("Reconciling") == ("True", "Training")


@pytest.mark.parametrize("reason", ["PodMissing", "ContainerCreating"])
def test_what_every_pod_goes_through_is_told_only_when_it_takes_long(reason: str) -> None:
    story = run_with(reason)
    assert story.condition("Reconciling") == ("True", "Training")
    after(story, NOTICEABLE)
    assert story.condition("Reconciling") == ("True", reason)
    after(story, 10 * FIXABLE_LIMIT)
    assert story.condition("Stalled") is None


def test_a_first_fetch_that_cannot_start_calls_a_person_and_recovers() -> None:
    story = DatasetStory()
    story.ends(stuck(story.world))
    after(story, FIXABLE_LIMIT)
    assert story.condition("Stalled") == ("True", "ImagePullBackOff")
    story.ends(profiled(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")


def test_a_later_fetch_that_cannot_start_leaves_the_revision_in_use_and_says_so() -> None:
    story = ready_dataset()
    story.refresh("monday")
    story.ends(stuck(story.world))
    assert story.condition("Reconciling") == ("True", "ImagePullBackOff")
    after(story, FIXABLE_LIMIT)
    assert story.condition("Ready") == ("True", "FetchBlocked")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert "no such host" in story.message("Ready")
    story.ends(profiled(story.uid, "b"))
    assert story.condition("Ready") == ("True", "RevisionInUse")
