"""States that users meet when something is wrong or odd, beside those of the table."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from plumbline.live.observations import PodProblem

from tests.sim.loop.world import World
from tests.unit.plan import rollout_story
from tests.unit.plan.builders import failed, profiled, run, settings
from tests.unit.plan.monitor_story import MonitorStory, look
from tests.unit.plan.rollout_story import DAMAGED, RolloutStory, served
from tests.unit.plan.stories import DatasetStory, RunStory, ready_dataset, with_data
from tests.unit.plan.test_condition_table import Told
from tests.unit.plan.test_model_deployment_quota import REFUSED, first, full, second
from tests.unit.plan.test_training_champion import promote, story_with
from tests.unit.plan.test_training_start import STOPPED

NO_SECRET = settings(namespaces=frozenset())
PROBLEM = PodProblem(pod="flights-abc", identity="abc", image="server:9", message="its format is 7")


def troubles() -> dict[str, Callable[[], Told]]:
    """Return each state by its name."""
    states = {**DATA, **RUNS, **ROLLOUTS, **MONITORS}
    for told, (made, data, _) in STOPPED.items():
        states[f"a run with {told}"] = partial(_stopped, made, data)
        states[f"a template with {told}"] = partial(_template, made["spec"], data)
    return states


def _stopped(made: dict[str, Any], data: dict[str, Any]) -> Told:
    return _run(RunStory(made, world=with_data(**data)))


def _run(story: RunStory) -> Told:
    return Told(story.world, "TrainingRun", "first")


def _template(spec: dict[str, Any], data: dict[str, Any]) -> Told:
    world = with_data(**data)
    world.edit("TrainingTemplate", "flights", **{k: spec[k] for k in spec if k != "templateRef"})
    world.settle()
    return Told(world, "TrainingTemplate")


def _without_secret(world: World) -> World:
    world.settings = NO_SECRET
    return world


def _data(story: DatasetStory) -> Told:
    return Told(story.world, "Dataset")


def refused_again() -> DatasetStory:
    story = ready_dataset()
    story.refresh("monday")
    story.ends(failed("SourceUnreachable", "The source s3://raw cannot be reached."))
    return story


def short_of_memory() -> DatasetStory:
    story = DatasetStory()
    story.ends(failed("OOMKilled", "Container profile ran out of memory."))
    return story


def twice_read() -> DatasetStory:
    story = ready_dataset()
    story.refresh("monday")
    story.ends(profiled(story.uid, "b", rows=120))
    return story


def answered() -> DatasetStory:
    story = ready_dataset()
    story.asks("watch-1", "watch-2")
    story.ends(profiled(story.uid, "a"))
    return story


DATA: dict[str, Callable[[], Told]] = {
    "a fetch that fails after a good one": lambda: _data(refused_again()),
    "a first fetch that runs out of memory": lambda: _data(short_of_memory()),
    "a second revision": lambda: _data(twice_read()),
    "requests of monitors that were answered": lambda: _data(answered()),
    "a suspended Dataset with a revision": lambda: _suspended(ready_dataset()),
}


def _suspended(story: DatasetStory) -> Told:
    story.world.edit("Dataset", "flights", suspend=True)
    story.world.settle()
    return _data(story)


def without_template() -> RunStory:
    world = with_data()
    world.delete("TrainingTemplate", "flights")
    return RunStory(world=world)


def with_expired_jobs() -> RunStory:
    story = RunStory(run(ttlSecondsAfterFinished=60))
    story.trains()
    story.is_judged()
    story.world.advance(60)
    return story


def with_another_spec() -> RunStory:
    story = RunStory()
    task = story.world.get("ConfigMap", "first-spec")["data"]["task.json"]
    other = {"task.json": task.replace('"seed":0', '"seed":1')}
    story.world.replace("ConfigMap", "first-spec", data=other)
    story.world.settle()
    return story


def with_a_name_taken() -> RunStory:
    world = with_data()
    named = {"name": "first-spec", "namespace": "team"}
    world.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {}})
    return RunStory(world=world)


def with_a_new_champion() -> RunStory:
    story = story_with("a")
    promote(story, "b")
    story.is_judged()
    return story


QUEUED = {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}
RUNS: dict[str, Callable[[], Told]] = {
    "a run without its template": lambda: _run(without_template()),
    "a run whose Jobs have expired": lambda: _run(with_expired_jobs()),
    "a run whose frozen spec was changed": lambda: _run(with_another_spec()),
    "a run whose name is taken": lambda: _run(with_a_name_taken()),
    "a run whose champion has changed": lambda: _run(with_a_new_champion()),
    "a run in a queue": lambda: _run(RunStory(run(metadata=QUEUED))),
    "a run without the store": lambda: _run(RunStory(world=_without_secret(with_data()))),
}


def _deployment(story: RolloutStory) -> Told:
    return Told(story.world, "ModelDeployment")


def rolled_out() -> RolloutStory:
    story = served(rollout_story.run("one"), rollout_story.run("two", revision=2))
    story.settle()
    return story


def damaged() -> RolloutStory:
    story = served(rollout_story.run("one"), rollout_story.run("two", revision=2))
    story.settle(start_pods=False)
    assert story.canary
    story.break_pods(story.canary.identity, DAMAGED)
    story.settle()
    return story


def suspended_under_way() -> RolloutStory:
    story = rolled_out()
    story.edit(suspend=True)
    story.settle()
    return story


def promoted() -> RolloutStory:
    story = rolled_out()
    story.roll_out()
    return story


def draining() -> RolloutStory:
    story = rolled_out()
    while story.canary:
        story.call(5000)
        story.wait(1)
        story.settle()
    return story


def unselected() -> RolloutStory:
    story = rolled_out()
    story.edit(model={"runRef": {"name": "one"}})
    story.settle()
    return story


def superseded() -> RolloutStory:
    story = rolled_out()
    story.add(rollout_story.run("three", revision=3, minute=1))
    story.settle()
    return story


def served_anew() -> RolloutStory:
    story = rolled_out()
    story.edit(server={"image": "registry/server:2"})
    story.settle()
    return story


def failing() -> RolloutStory:
    story = rolled_out()
    story.call(500, errors=250)
    story.settle()
    return story


def rejected_run(verdict: str | None, name: str) -> RolloutStory:
    story = served(rollout_story.run("one"))
    story.add(rollout_story.run("two", revision=2, verdict=verdict))
    story.edit(model={"runRef": {"name": name}})
    story.settle()
    return story


def too_bad() -> RolloutStory:
    story = served(rollout_story.run("one"))
    gates = [{"metric": "auc", "min": 0.9}]
    story.edit(accept={"gates": gates})
    story.add(rollout_story.run("two", revision=2))
    story.settle()
    return story


def of_a_missing_run() -> RolloutStory:
    story = served(rollout_story.run("one"))
    story.edit(model={"runRef": {"name": "none"}})
    story.settle()
    return story


def filled_up(story: RolloutStory) -> RolloutStory:
    full(story, REFUSED)
    story.wait(100)
    story.settle()
    return story


ROLLOUTS: dict[str, Callable[[], Told]] = {
    "a canary whose model is damaged": lambda: _deployment(damaged()),
    "a rollout suspended under way": lambda: _deployment(suspended_under_way()),
    "a model that was promoted": lambda: _deployment(promoted()),
    "a rollout that is no longer selected": lambda: _deployment(unselected()),
    "a rollout of a newer run": lambda: _deployment(superseded()),
    "a rollout with another server": lambda: _deployment(served_anew()),
    "a canary with errors": lambda: _deployment(failing()),
    "a run that failed its gates": lambda: _deployment(rejected_run("Failed", "two")),
    "a run that is not evaluated": lambda: _deployment(rejected_run(None, "two")),
    "a run that misses a gate of the deployment": lambda: _deployment(too_bad()),
    "a model that drains": lambda: _deployment(draining()),
    "a deployment of a run that is missing": lambda: _deployment(of_a_missing_run()),
    "a first model without quota": lambda: _deployment(filled_up(first())),
    "a second model without quota": lambda: _deployment(filled_up(second())),
    "pods that do not start yet": lambda: _deployment(first()),
    "a deployment that loses the store": lambda: _deployment(no_store()),
}


def no_store() -> RolloutStory:
    story = RolloutStory(rollout_story.run("one"))
    story.settings = replace(rollout_story.SETTINGS, namespaces=frozenset())
    story.settle()
    return story


def _monitor(story: MonitorStory) -> Told:
    story.world.settle()
    return Told(story.world, "DriftMonitor", "watch")


def blind() -> MonitorStory:
    story = MonitorStory()
    story.sees(drifted=True)
    story.cannot_evaluate("the reference of model one cannot be read: the store is away.")
    return story


def unreadable() -> MonitorStory:
    story = MonitorStory()
    story.sees(lost=7)
    story.cannot_read(PROBLEM)
    return story


def of_no_column() -> MonitorStory:
    story = MonitorStory()
    story.world.edit("DriftMonitor", "watch", columns=["tmep"])
    story.assessment = replace(look(), findings=(), unknown=("tmep",))
    return story


def drifting(**response: Any) -> MonitorStory:
    story = MonitorStory(**response)
    story.sees(drifted=True)
    return story


def with_rows(fetched: str) -> MonitorStory:
    story = drifting()
    getattr(story, fetched)()
    return story


def healed() -> MonitorStory:
    story = with_rows("new_rows")
    story.ends("watch-1", "Passed")
    story.serves("b", revision=2)
    story.sees(model="b")
    story.waits(10)
    return story


def in_vain() -> MonitorStory:
    story = with_rows("new_rows")
    story.ends("watch-1", "Failed")
    story.sees()
    story.sees(drifted=True)
    return story


MONITORS: dict[str, Callable[[], Told]] = {
    "rows that cannot be evaluated": lambda: _monitor(blind()),
    "counts that cannot be read": lambda: _monitor(unreadable()),
    "a column that is not counted": lambda: _monitor(of_no_column()),
    "drift that is observed": lambda: _monitor(drifting(mode="Observe", templateRef=None)),
    "drift without new rows": lambda: _monitor(with_rows("same_rows")),
    "drift with bad rows": lambda: _monitor(with_rows("bad_rows")),
    "drift that ended": lambda: _monitor(healed()),
    "drift within the cooldown": lambda: _monitor(in_vain()),
    "a Dataset that is missing": lambda: _monitor(without_dataset()),
}


def without_dataset() -> MonitorStory:
    story = MonitorStory()
    story.world.delete("Dataset", "flights")
    story.sees(drifted=True)
    return story
