"""The table of conditions, row by row and over all kinds: what Helm and Flux make of each state."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from plumbline.plan.common.jobs import FIXABLE_LIMIT

from tests.sim.loop.world import World
from tests.unit.plan import rollout_story, test_model_deployment_table
from tests.unit.plan.builders import active, broken, dataset, failed, profiled, run, template
from tests.unit.plan.monitor_story import MonitorStory
from tests.unit.plan.stories import DatasetStory, RunStory, ready_dataset

Object = dict[str, Any]


class Told(NamedTuple):
    """An object in a world in which something was told."""

    world: World
    kind: str
    name: str = "flights"

    @property
    def object(self) -> Object:
        return self.world.get(self.kind, self.name)


State = Callable[[], Told]


def data(story: DatasetStory) -> Told:
    return Told(story.world, "Dataset")


def data_being_read() -> Told:
    return data(DatasetStory())


def data_with_a_revision() -> Told:
    return data(ready_dataset())


def data_refreshed_badly() -> DatasetStory:
    story = ready_dataset()
    story.refresh("monday")
    story.ends(broken(story.uid))
    return story


def data_whose_newest_fetch_is_bad() -> Told:
    return data(data_refreshed_badly())


def data_whose_newest_fetch_is_under_way() -> Told:
    story = ready_dataset()
    story.refresh("monday")
    return data(story)


def data_that_was_never_good() -> Told:
    story = DatasetStory()
    story.ends(broken(story.uid))
    return data(story)


def data_suspended() -> Told:
    return data(DatasetStory(suspend=True))


def template_in(world: World) -> Told:
    world.add(template())
    world.settle()
    return Told(world, "TrainingTemplate")


def template_waiting_for_data() -> Told:
    return template_in(World())


def template_that_fits() -> Told:
    world = World()
    world.add(dataset())
    return template_in(world)


def template_that_cannot_fit() -> Told:
    world = World()
    world.add(dataset())
    world.add(template("odd", features=["late"]))
    world.settle()
    return Told(world, "TrainingTemplate", "odd")


def trained(story: RunStory) -> Told:
    return Told(story.world, "TrainingRun", "first")


def run_waiting_for_data() -> Told:
    world = World()
    world.add(template())
    return trained(RunStory(world=world))


def run_training() -> Told:
    return trained(RunStory())


def run_kept_by(reason: str, time: timedelta) -> Told:
    story = RunStory()
    story.ends("first-train", active(reason, "Container train waits"))
    story.world.advance(time.total_seconds())
    return trained(story)


def run_whose_pods_wait_for_quota() -> Told:
    return run_kept_by("PodMissing", 10 * FIXABLE_LIMIT)


def run_whose_image_does_not_come_yet() -> Told:
    return run_kept_by("ErrImagePull", FIXABLE_LIMIT / 2)


def run_whose_image_never_comes() -> Told:
    return run_kept_by("ErrImagePull", FIXABLE_LIMIT)


def run_judging() -> Told:
    story = RunStory()
    story.trains()
    return trained(story)


def judged(verdict: str) -> State:
    def tell() -> Told:
        story = RunStory()
        story.trains()
        story.is_judged(verdict)
        return trained(story)

    tell.__name__ = f"run_judged_{verdict}"
    return tell


def run_that_cannot_train() -> Told:
    story = RunStory()
    story.ends("first-train", failed("EstimatorInvalid"))
    return trained(story)


def run_suspended() -> Told:
    return trained(RunStory(run(suspend=True)))


def deployed(state: Callable[[], rollout_story.RolloutStory]) -> State:
    def tell() -> Told:
        return Told(state().world, "ModelDeployment")

    tell.__name__ = f"deployment_{state.__name__}"
    return tell


def watched(story: MonitorStory) -> Told:
    return Told(story.world, "DriftMonitor", "watch")


def monitor_waiting_for_a_deployment() -> Told:
    return watched(MonitorStory(serves=False))


def monitor_waiting_for_a_template() -> Told:
    story = MonitorStory()
    story.world.delete("TrainingTemplate", "flights")
    story.world.settle()
    return watched(story)


def monitor_waiting_for_traffic() -> Told:
    return watched(MonitorStory())


def monitor_seeing(**what: Any) -> State:
    def tell() -> Told:
        story = MonitorStory()
        story.sees(**what)
        return watched(story)

    tell.__name__ = "monitor_seeing_" + ("_".join(what) or "nothing")
    return tell


def monitor_retraining() -> Told:
    story = MonitorStory()
    story.sees(drifted=True)
    story.new_rows()
    assert story.runs == ["watch-1"]
    return watched(story)


def monitor_suspended() -> Told:
    story = MonitorStory()
    story.sees(drifted=True)
    story.world.edit("DriftMonitor", "watch", suspend=True)
    story.world.settle()
    return watched(story)


# A row: Ready, whether Reconciling and whether Stalled are there, and what kstatus makes of them.
WORKING = ("False", True, False, "InProgress")
GOOD = ("True", False, False, "Current")
GOOD_AND_WORKING = ("True", True, False, "InProgress")
FAILED = ("False", False, True, "Failed")
HELD = ("False", False, False, "InProgress")
of = test_model_deployment_table
TABLE: dict[tuple[str, bool, bool, str], tuple[State, ...]] = {
    WORKING: (
        data_being_read,
        template_waiting_for_data,
        run_waiting_for_data,
        run_training,
        run_whose_pods_wait_for_quota,
        run_whose_image_does_not_come_yet,
        run_judging,
        deployed(of.waiting),
        deployed(of.starting),
        deployed(of.down),
        monitor_waiting_for_a_deployment,
        monitor_waiting_for_a_template,
    ),
    GOOD: (
        data_with_a_revision,
        data_whose_newest_fetch_is_bad,
        template_that_fits,
        judged("Passed"),
        deployed(of.serving),
        deployed(of.rolled_back),
        monitor_waiting_for_traffic,
        monitor_seeing(),
        monitor_seeing(drifted=True),
        monitor_seeing(broken=True),
        monitor_seeing(drifted=True, broken=True),
        monitor_retraining,
    ),
    GOOD_AND_WORKING: (
        data_whose_newest_fetch_is_under_way,
        deployed(of.measuring),
    ),
    FAILED: (
        data_that_was_never_good,
        template_that_cannot_fit,
        judged("Failed"),
        judged("Inconclusive"),
        run_that_cannot_train,
        run_whose_image_never_comes,
        deployed(of.stalled),
    ),
    HELD: (data_suspended, run_suspended, deployed(of.held), monitor_suspended),
}
STATES = [(row, tell) for row, states in TABLE.items() for tell in states]


@pytest.mark.parametrize(("row", "tell"), STATES, ids=[tell.__name__ for _, tell in STATES])
def test_the_row_of(row: tuple[str, bool, bool, str], tell: State) -> None:
    obj = tell().object
    found = {each["type"]: each for each in obj["status"]["conditions"]}
    ready, marks = found["Ready"], [found.get(name) for name in ("Reconciling", "Stalled")]
    assert (ready["status"], bool(marks[0]), bool(marks[1]), kstatus(obj)) == row
    assert all(each["status"] == "True" for each in marks if each)
    assert all(each["reason"] and each["message"] for each in found.values() if each)


def kstatus(obj: Object) -> str:
    """Return how kstatus reads the object (its rules in its own order)."""
    if obj["status"]["observedGeneration"] != obj["metadata"]["generation"]:
        return "InProgress"
    status = {each["type"]: each["status"] for each in obj["status"]["conditions"]}
    for type_, meaning in (("Reconciling", "InProgress"), ("Stalled", "Failed")):
        if status.get(type_) == "True":
            return meaning
    return "Current" if status.get("Ready", "True") == "True" else "InProgress"


def test_a_revision_counts_the_same_after_a_failed_fetch_and_a_good_one() -> None:
    story = data_refreshed_badly()
    story.refresh("tuesday")
    story.ends(profiled(story.uid, "b"))
    assert story.condition("Valid") == ("True", "RulesPassed")
    assert story.status["revision"] == 2
