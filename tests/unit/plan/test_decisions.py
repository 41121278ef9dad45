"""Which decisions of a pass are news, told by stories of real plans."""

from typing import Any

from plumbline.api import decision
from plumbline.api.decision import Decision, first
from plumbline.engine.decisions import new_decisions

from tests.unit.plan.builders import case_of, judged
from tests.unit.plan.monitor_story import MonitorStory
from tests.unit.plan.stories import RunStory, ready_dataset
from tests.unit.plan.world import World


def pass_over(world: World, kind: str, name: str) -> list[str]:
    """Make one pass over an object and return the rules whose decisions are news."""
    key, writes = world.key(kind, name), world.writes
    plan, before = world.plan(key), world.objects[key].get("status")
    world.carry_out(key, plan)
    if world.writes == writes:
        return []
    return [each.rule for each in new_decisions(plan.decisions, before=before, after=plan.status)]


def test_a_verdict_is_news_exactly_once() -> None:
    story = RunStory()
    story.trains()
    case = case_of(story.world.get("Job", "first-judge"))
    story.world.finish("first-judge", judged(story.uid, "Passed", case=case))
    told = [pass_over(story.world, "TrainingRun", "first") for _ in range(3)]
    assert told == [["training.passed"], [], []]


def test_a_run_tells_each_stage_once() -> None:
    world = RunStory().world
    world.delete("Job", "first-train")
    told = [pass_over(world, "TrainingRun", "first") for _ in range(2)]
    assert told == [["training.job_under_way"], []], "made again, though no condition changes"


def test_nothing_is_news_after_a_restart_over_a_settled_world() -> None:
    for story in (RunStory(), ready_dataset(), MonitorStory()):
        world = story.world.restarted()
        for key in list(world.objects):
            if key.resource in world.planners:
                assert pass_over(world, key.resource.kind, key.name) == []


def test_an_episode_is_told_with_what_it_was_decided_on() -> None:
    story = MonitorStory()
    key = story.world.key("DriftMonitor", "watch")
    story.sees(drifted=True)
    found = {each.rule: each for each in story.world.plan(key).decisions}
    assert found["drift_monitor.drifts"].reason == "DriftDetected"
    assert found["drift_monitor.drifts"].evidence["scores"]


def test_only_the_first_rule_that_applies_is_asked() -> None:
    asked: list[str] = []

    def rule(name: str, applies: bool) -> Any:
        def decide(_: str) -> Decision | None:
            asked.append(name)
            return decision.ready(name, "Good", "all is well") if applies else None

        return decide

    found = first((rule("a", False), rule("b", True), rule("c", True)), "subject")
    assert (found and found.rule, asked) == ("b", ["a", "b"])
