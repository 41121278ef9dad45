"""What a step or a server logs names its object, in the form that the operator was told."""

from dataclasses import replace
from typing import Any

from plumbline.api import names
from plumbline.plan.specs import deployment

from tests.unit.plan import builders
from tests.unit.plan.builders import run
from tests.unit.plan.rollout_story import SETTINGS, RolloutStory
from tests.unit.plan.stories import DatasetStory, RunStory, with_data
from tests.unit.plan.test_model_deployment_specs import SERVED
from tests.unit.plan.test_restricted import USERS, containers, pod_of

JSON = {"PLUMBLINE_LOG_FORMAT": "json", "PLUMBLINE_LOG_LEVEL": "DEBUG"}
FIELD = {"fieldPath": f"metadata.annotations['{names.LOG_ANNOTATION}']"}
BOUND = {"name": "PLUMBLINE_LOG_BOUND", "valueFrom": {"fieldRef": FIELD}}


def annotation(story: RunStory | DatasetStory, job: str) -> str:
    template = story.world.get("Job", job)["spec"]["template"]
    return str(template["metadata"]["annotations"][names.LOG_ANNOTATION])


def log_variables(container: dict[str, Any]) -> dict[str, Any]:
    found = {each["name"]: each.get("value") for each in container["env"]}
    return {name: value for name, value in found.items() if "_LOG_" in name}


def test_every_step_of_a_job_names_the_object_that_it_works_for() -> None:
    data, training = DatasetStory(), RunStory()
    for story, job in ((data, data.job), (training, "first-train")):
        assert all(BOUND in each["env"] for each in containers(pod_of(story, job)).values())
    assert annotation(data, data.job) == "kind=Dataset,namespace=team,name=flights,generation=1"
    about = "kind=TrainingRun,namespace=team,name=first,generation=1"
    assert annotation(training, "first-train") == about


def test_a_users_own_container_is_not_told_how_to_log() -> None:
    found = containers(pod_of(RunStory(run(trainer=USERS)), "first-train"))
    assert {name: BOUND in each["env"] for name, each in found.items()} == {
        "fetch": True,
        "upload": True,
        "train": False,
    }


def test_only_what_is_unusual_is_passed_on_to_steps() -> None:
    usual = containers(pod_of(RunStory(), "first-train"))
    assert [log_variables(each) for each in usual.values()] == [{BOUND["name"]: None}] * 3
    world = with_data()
    world.settings = builders.settings(log_environment=JSON)
    unusual = containers(pod_of(RunStory(world=world), "first-train"))
    told = {**JSON, BOUND["name"]: None}
    assert [log_variables(each) for each in unusual.values()] == [told] * 3


def test_a_serving_pod_names_the_deployment_and_what_it_serves() -> None:
    settings = replace(SETTINGS, log_environment=JSON)
    made = deployment.serving_deployment(
        RolloutStory().deployment, SERVED, settings=settings, live=None
    )
    about = "kind=ModelDeployment,namespace=flights,name=flights,identity=0123456789"
    found = containers(made["spec"]["template"]["spec"]).values()
    assert [log_variables(each) for each in found] == [{**JSON, BOUND["name"]: about}] * 2
