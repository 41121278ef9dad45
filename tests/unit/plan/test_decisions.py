"""Which decisions of a pass are news, told by stories of real plans."""

from typing import Any

from plumbline.api import decision
from plumbline.api.decision import Decision, first
from plumbline.engine.decision_log import new_decisions
from plumbline.plan.common import conditions

from tests.sim.loop.world import World
from tests.unit.plan.builders import case_of, judged
from tests.unit.plan.monitor_story import MonitorStory
from tests.unit.plan.stories import RunStory, ready_dataset


def news_of(world: World, name: str) -> list[str]:
    """Let everybody act, and return the rules whose decisions about an object are new."""
    world.diary.news.clear()
    world.settle()
    return [rule for key, rule in world.diary.news if key.name == name]


def test_a_verdict_is_news_exactly_once() -> None:
    story = RunStory()
    story.trains()
    case = case_of(story.world.get("Job", "first-judge"))
    story.world.finish("first-judge", judged(story.uid, "Passed", case=case))
    told = [news_of(story.world, "first") for _ in range(3)]
    assert told == [["training.passed"], [], []]


def test_a_run_tells_each_stage_once() -> None:
    world = RunStory().world
    world.delete("Job", "first-train")
    told = [news_of(world, "first") for _ in range(2)]
    assert told == [["training.job_under_way"], []], "made again, though no condition changes"


def test_nothing_is_news_after_a_restart_over_a_settled_world() -> None:
    for story in (RunStory(), ready_dataset(), MonitorStory()):
        story.world.diary.news.clear()
        story.world.restart()
        story.world.settle()
        assert story.world.diary.news == []


def test_an_episode_is_told_with_what_it_was_decided_on() -> None:
    story = MonitorStory()
    story.sees(drifted=True)
    plan = story.world.newest_plan("DriftMonitor", "watch")
    found = {each.rule: each for each in plan.decisions}
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


def test_a_wait_that_becomes_hopeless_is_news_though_its_reason_stays() -> None:
    waits = decision.working("run.waits", "ImagePullBackOff", "it may come")
    stuck = decision.stalled("run.stuck", "ImagePullBackOff", "it will not come")
    before, after = ({"conditions": conditions.of(told)} for told in (waits, stuck))
    assert new_decisions([stuck], before=before, after=after) == [stuck]
    assert new_decisions([stuck], before=after, after=after) == []


def test_work_is_told_beside_what_is_ready_and_beside_nothing_else() -> None:
    work = decision.working("work", "Profiling", "it is read")
    for make in (decision.ready, decision.held, decision.stalled, decision.working):
        main = make("main", "Good", "so it is")
        told = {each["type"]: each["reason"] for each in conditions.of(main, work=work)}
        assert (told.get("Reconciling") == "Profiling") == (main.state == "Ready")
