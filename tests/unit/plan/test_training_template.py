"""A template says whether runs of it can train at all, before anybody makes one."""

from typing import Any

import pytest

from tests.sim.loop.world import World
from tests.unit.plan.builders import dataset, manifest, template

SECRET = {"secretKeyRef": {"name": "plumbline-store", "key": "AWS_SECRET_ACCESS_KEY"}}


def world(data: dict[str, Any] | None, **spec: Any) -> World:
    made = World()
    made.add(template(**spec))
    if data is not None:
        made.add(data)
    made.settle()
    return made


def told(made: World) -> dict[str, tuple[str, str]]:
    status = made.get("TrainingTemplate", "flights")["status"]
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


def test_a_template_of_a_dataset_that_does_not_exist_waits_for_it_and_says_so() -> None:
    made = world(None)
    assert told(made) == {
        "Ready": ("False", "DatasetNotFound"),
        "Reconciling": ("True", "DatasetNotFound"),
    }
    assert "Dataset flights" in made.condition("TrainingTemplate", "flights", "Ready")["message"]
    made.add(dataset())
    made.settle()
    assert told(made) == {"Ready": ("True", "SpecValid")}
    made.delete("Dataset", "flights")
    made.settle()
    assert told(made)["Ready"] == ("False", "DatasetNotFound")


def test_a_template_has_observed_its_newest_spec() -> None:
    made = world(dataset())
    made.edit("TrainingTemplate", "flights", seed=3)
    made.settle()
    assert made.get("TrainingTemplate", "flights")["status"]["observedGeneration"] == 2


def test_a_template_makes_nothing_and_rests_when_nothing_changes() -> None:
    made = world(dataset())
    assert made.settle() == 0
    assert made.names("TrainingRun") == []


NO_QUESTION = {k: v for k, v in dataset()["spec"].items() if k != "question"}


@pytest.mark.parametrize(
    ("spec", "data", "reason"),
    [
        ({"features": ["late"]}, dataset(), "FeatureIsTarget"),
        ({"features": ["speed"]}, dataset(), "FeatureUnknown"),
        ({"gates": {"metrics": [{"metric": "rmse", "max": 1}]}}, dataset(), "MetricNotApplicable"),
        ({}, manifest("Dataset", "flights", NO_QUESTION), "QuestionMissing"),
        (
            {"podTemplate": {"env": [{"name": "A", "valueFrom": SECRET}]}},
            None,
            "StoreSecretForbidden",
        ),
    ],
)
def test_what_only_a_person_can_mend_stalls_the_template(spec: Any, data: Any, reason: str) -> None:
    assert told(world(data, **spec)) == {"Ready": ("False", reason), "Stalled": ("True", reason)}


def test_a_dataset_without_a_revision_does_not_make_its_templates_bad() -> None:
    assert told(world(dataset(suspend=True))) == {"Ready": ("True", "SpecValid")}
