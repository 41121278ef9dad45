"""A Dataset whose source cannot be read: what passes, what is mended outside, what is not."""

import pytest
from plumbline.plan.dataset.fetch_attempt import QUICK_SECONDS, SLOW_SECONDS

from tests.unit.plan.builders import failed, profiled
from tests.unit.plan.stories import DatasetStory as Story
from tests.unit.plan.stories import ready_dataset as ready_story

UNREACHABLE = failed("SourceUnreachable", "s3://raw does not answer.")
MISSING = failed("SourceNotFound", "s3://raw/*.csv matches no file.")


def test_an_unreachable_source_is_tried_again_after_a_pause() -> None:
    story = Story()
    first = story.job
    story.ends(UNREACHABLE)
    assert story.condition("Reconciling") == ("True", "SourceUnreachable")
    assert "12:00:10 UTC" in story.message("Ready")
    assert story.world.advance(QUICK_SECONDS[0] - 1) == 0
    story.world.advance(1)
    assert story.job != first
    assert story.condition("Reconciling") == ("True", "Profiling")


def test_a_source_that_changed_while_it_was_read_is_read_again_by_itself() -> None:
    story = Story()
    story.ends(failed("SourceChanged", "s3://raw/1.csv changed while it was read."))
    assert story.condition("Stalled") is None
    story.world.advance(QUICK_SECONDS[0])
    story.ends(profiled(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")


def test_the_pass_that_records_a_failure_says_when_to_look_again() -> None:
    story = Story()
    story.ends(UNREACHABLE)
    due = story.world.due("Dataset", "flights")
    assert due
    assert (due - story.world.now).total_seconds() == QUICK_SECONDS[0]


def test_after_a_few_tries_somebody_is_called() -> None:
    story = Story()
    for seconds in QUICK_SECONDS:
        story.ends(UNREACHABLE)
        assert story.condition("Stalled") is None
        story.world.advance(seconds)
    story.ends(UNREACHABLE)
    assert story.condition("Stalled") == ("True", "SourceUnreachable")
    assert story.condition("Reconciling") is None


def test_a_called_source_is_looked_at_from_time_to_time() -> None:
    story = Story()
    story.ends(MISSING)
    assert story.condition("Stalled") == ("True", "SourceNotFound")
    story.world.advance(SLOW_SECONDS)
    story.ends(profiled(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")
    assert story.condition("Stalled") is None


def test_a_refresh_mark_looks_at_once() -> None:
    story = Story()
    story.ends(MISSING)
    story.refresh("mended")
    story.ends(profiled(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")


@pytest.mark.parametrize("reason", ["SchemaInvalid", "OOMKilled", "TaskInvalid"])
def test_what_only_a_person_can_mend_is_not_tried_again(reason: str) -> None:
    story = Story()
    story.ends(failed(reason))
    assert story.condition("Stalled") == ("True", reason)
    assert story.world.advance(10**6) == 0


def test_a_failure_leaves_the_last_revision_in_use() -> None:
    story = ready_story()
    story.refresh("monday")
    story.ends(MISSING)
    assert story.condition("Ready") == ("True", "RevisionInUse")
    assert story.condition("Valid") == ("Unknown", "SourceNotFound")
    assert story.condition("Stalled") is None


def test_a_request_waits_for_the_quick_tries_and_is_then_answered() -> None:
    story = ready_story()
    story.asks("monitor-1")
    for seconds in QUICK_SECONDS:
        story.ends(UNREACHABLE)
        assert "refreshes" not in story.status
        story.world.advance(seconds)
    story.ends(UNREACHABLE)
    assert story.status["refreshes"] == [{"id": "monitor-1", "outcome": "Failed", "revision": 1}]


def test_a_new_request_after_a_failure_is_fetched_at_once() -> None:
    story = ready_story()
    story.asks("monitor-1")
    story.ends(MISSING)
    story.asks("monitor-2")
    story.ends(profiled(story.uid, "b"))
    assert [each["id"] for each in story.status["refreshes"]] == ["monitor-2", "monitor-1"]


def test_a_success_forgets_the_failures_before() -> None:
    story = Story()
    story.ends(UNREACHABLE)
    story.world.advance(QUICK_SECONDS[0])
    story.ends(profiled(story.uid))
    story.refresh("monday")
    story.ends(UNREACHABLE)
    job = story.world.get("Job", story.job)
    assert job["metadata"]["annotations"]["plumbline.dev/attempt"] == "1"
