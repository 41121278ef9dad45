"""The table of conditions, row by row: what Helm, Flux and Argo CD make of these kinds."""

from collections.abc import Callable

import pytest

from tests.unit.plan.builders import broken, failed, profiled, run
from tests.unit.plan.stories import DatasetStory, RunStory, ready_dataset

Story = DatasetStory | RunStory


def data_being_read() -> Story:
    return DatasetStory()


def data_with_a_revision() -> Story:
    return ready_dataset()


def data_whose_newest_fetch_is_bad() -> Story:
    story = ready_dataset()
    story.refresh("monday")
    story.ends(broken(story.uid))
    return story


def data_that_was_never_good() -> Story:
    story = DatasetStory()
    story.ends(broken(story.uid))
    return story


def data_suspended() -> Story:
    return DatasetStory(suspend=True)


def run_waiting_for_data() -> Story:
    story = RunStory()
    story.world.delete("TrainingRun", "first")
    story.world.delete("ConfigMap", "first-spec")
    story.world.delete("Dataset", "flights")
    story.world.add(run())
    story.world.settle()
    return story


def run_training() -> Story:
    return RunStory()


def run_judging() -> Story:
    story = RunStory()
    story.trains()
    return story


def run_passed() -> Story:
    story = run_judging()
    assert isinstance(story, RunStory)
    story.is_judged()
    return story


def run_failed_a_gate() -> Story:
    story = run_judging()
    assert isinstance(story, RunStory)
    story.is_judged("Failed")
    return story


def run_not_sure() -> Story:
    story = run_judging()
    assert isinstance(story, RunStory)
    story.is_judged("Inconclusive")
    return story


def run_that_cannot_train() -> Story:
    story = RunStory()
    story.ends("first-train", failed("EstimatorInvalid"))
    return story


def run_suspended() -> Story:
    return RunStory(run(suspend=True))


# Ready, whether Reconciling and whether Stalled are there, and what kstatus makes of them.
TABLE: dict[Callable[[], Story], tuple[str, bool, bool, str]] = {
    data_being_read: ("False", True, False, "InProgress"),
    run_waiting_for_data: ("False", True, False, "InProgress"),
    run_training: ("False", True, False, "InProgress"),
    run_judging: ("False", True, False, "InProgress"),
    data_with_a_revision: ("True", False, False, "Current"),
    data_whose_newest_fetch_is_bad: ("True", False, False, "Current"),
    data_that_was_never_good: ("False", False, True, "Failed"),
    run_passed: ("True", False, False, "Current"),
    run_failed_a_gate: ("False", False, True, "Failed"),
    run_not_sure: ("False", False, True, "Failed"),
    run_that_cannot_train: ("False", False, True, "Failed"),
    data_suspended: ("False", False, False, "InProgress"),
    run_suspended: ("False", False, False, "InProgress"),
}


@pytest.mark.parametrize(
    ("tell", "row"), TABLE.items(), ids=lambda each: getattr(each, "__name__", "")
)
def test_the_row_of(tell: Callable[[], Story], row: tuple[str, bool, bool, str]) -> None:
    story = tell()
    ready = story.condition("Ready")
    assert ready
    reconciling, is_stalled = story.condition("Reconciling"), story.condition("Stalled")
    assert (ready[0], bool(reconciling), bool(is_stalled), kstatus(story)) == row
    assert all(each[0] == "True" for each in (reconciling, is_stalled) if each)


def kstatus(story: Story) -> str:
    """Return how kstatus reads the object (its rules in its own order)."""
    name, kind = (
        ("flights", "Dataset") if isinstance(story, DatasetStory) else ("first", "TrainingRun")
    )
    obj = story.world.get(kind, name)
    if obj["status"]["observedGeneration"] != obj["metadata"]["generation"]:
        return "InProgress"
    for type_, meaning in (("Reconciling", "InProgress"), ("Stalled", "Failed")):
        if (story.condition(type_) or ("",))[0] == "True":
            return meaning
    return "Current" if (story.condition("Ready") or ("True",))[0] == "True" else "InProgress"


def test_a_revision_counts_the_same_after_a_failed_fetch_and_a_good_one() -> None:
    story = data_whose_newest_fetch_is_bad()
    assert isinstance(story, DatasetStory)
    story.refresh("tuesday")
    story.ends(profiled(story.uid, "b"))
    assert story.condition("Valid") == ("True", "RulesHeld")
    assert story.status["revision"] == 2
