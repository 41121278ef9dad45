"""A run that has to beat the model that serves: always the one that serves at the verdict."""

import json
from dataclasses import replace
from typing import Any

from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.plan.training import freeze, job_choice

from tests.unit.plan.builders import active, deployment, digest, failed, run
from tests.unit.plan.stories import RunStory, with_data

GATES = {"champion": {"deploymentRef": {"name": "flights"}, "metric": "auc", "margin": 0.01}}


def story_with(stable: str | None) -> RunStory:
    world = with_data()
    world.add(deployment(stable=stable))
    story = RunStory(run(gates=GATES), world=world)
    story.trains()
    return story


def promote(story: RunStory, stable: str) -> None:
    status = deployment(stable=stable)["status"]
    story.world.set_status("ModelDeployment", "flights", status)


def case_of(story: RunStory, job: str) -> dict[str, Any]:
    template = story.world.get("Job", job)["spec"]["template"]
    (file,) = template["spec"]["volumes"][0]["projected"]["sources"][1]["downwardAPI"]["items"]
    assert file["path"] == "judge.json"
    name = file["fieldRef"]["fieldPath"].removeprefix("metadata.annotations['").rstrip("']")
    return dict(json.loads(template["metadata"]["annotations"][name]))


def test_the_judge_is_told_the_champions_manifest() -> None:
    story = story_with("a")
    assert case_of(story, "first-judge") == {
        "training": digest("t"),
        "champion": {"manifest": digest("aa"), "digest": digest("a"), "run": "run-a"},
    }


def test_a_deployment_that_serves_nothing_yet_has_no_champion() -> None:
    story = story_with(None)
    assert case_of(story, "first-judge")["champion"] is None


def test_without_a_champion_gate_nobody_is_compared_with() -> None:
    world = with_data()
    world.add(deployment(stable="a"))
    story = RunStory(world=world)
    story.trains()
    assert case_of(story, "first-judge")["champion"] is None


def test_the_verdict_names_the_champion() -> None:
    story = story_with("a")
    story.is_judged()
    assert story.status["champion"] == digest("a")


def test_a_champion_that_changed_meanwhile_is_judged_against_again() -> None:
    story = story_with("a")
    promote(story, "b")
    story.is_judged()
    assert story.condition("Reconciling") == ("True", "Evaluating")
    (again,) = (job for job in story.jobs if job.startswith("first-judge-"))
    assert case_of(story, again)["champion"]["digest"] == digest("b")
    story.is_judged(job=again)
    assert story.status["champion"] == digest("b")
    assert story.condition("Ready") == ("True", "Complete")


def test_a_failure_against_an_old_champion_does_not_end_the_run() -> None:
    story = story_with("a")
    promote(story, "b")
    story.ends("first-judge", failed("ChampionMissing"))
    assert story.condition("Stalled") is None
    assert len(story.jobs) == 3


def test_a_champion_that_comes_back_needs_no_third_judgement() -> None:
    story = story_with("a")
    promote(story, "b")
    story.is_judged()
    (again,) = (job for job in story.jobs if job.startswith("first-judge-"))
    promote(story, "a")
    story.ends(again, active())
    assert len(story.jobs) == 3
    story.is_judged("Failed", job=again)
    assert story.status["champion"] == digest("a")
    assert story.status["verdict"] == "Passed"


def test_a_champion_that_changes_after_the_verdict_changes_nothing() -> None:
    story = story_with("a")
    story.is_judged()
    promote(story, "b")
    assert story.world.settle() == 0


def test_an_edited_template_does_not_remove_the_champion() -> None:
    world = with_data()
    world.add(deployment(stable="a"))
    world.edit("TrainingTemplate", "flights", gates=GATES)
    story = RunStory(world=world)
    world.delete("TrainingTemplate", "flights")
    story.trains()
    assert case_of(story, "first-judge")["champion"]["digest"] == digest("a")


def test_a_model_of_another_deployment_than_the_gate_names_is_no_champion() -> None:
    story = story_with("a")
    made = story.world.diary.snapshots[story.world.key("TrainingRun", "first")]
    read = freeze.frozen_spec(story.world.get("ConfigMap", "first-spec"))
    assert read
    own = job_choice.judge_task(made, read.spec, digest("t"))
    other = ModelDeployment.model_validate(deployment("others", stable="a"))
    theirs = job_choice.judge_task(replace(made, champion=other), read.spec, digest("t"))
    assert own.champion
    assert own.champion.digest == digest("a")
    assert theirs.champion is None
