"""What a TrainingRun waits for, what stops it, and what is frozen when it starts."""

import json
from dataclasses import replace
from typing import Any

import pytest
from plumbline.api import canonical, names
from plumbline.api.v1alpha1.dataset import DATASET

from tests.sim.loop.world import World
from tests.unit.plan.builders import (
    active,
    broken,
    dataset,
    digest,
    profiled,
    run,
    settings,
    template,
)
from tests.unit.plan.stories import RunStory, with_data

STORE_SECRET = {
    "name": "KEY",
    "valueFrom": {"secretKeyRef": {"name": "plumbline-store", "key": "AWS_SECRET_ACCESS_KEY"}},
}


def task_of(story: RunStory) -> dict[str, Any]:
    return dict(json.loads(story.world.get("ConfigMap", "first-spec")["data"]["task.json"]))


def test_a_run_starts_with_a_frozen_spec_and_a_train_job() -> None:
    story = RunStory()
    assert story.jobs == ["first-train"]
    assert story.condition("Ready") == ("False", "Training")
    assert story.condition("Reconciling") == ("True", "Training")
    assert story.status["dataset"]["revision"] == 1
    assert story.status["startTime"] == "2026-03-01T12:00:00Z"


def test_the_spec_digest_is_the_digest_of_the_task_file() -> None:
    story = RunStory()
    text = story.world.get("ConfigMap", "first-spec")["data"]["task.json"]
    assert story.status["specDigest"] == canonical.digest(text)


def test_the_task_holds_all_that_the_steps_need() -> None:
    task = task_of(RunStory())
    assert task["dataset"] == {
        "name": "flights",
        "revision": 1,
        "digest": digest("a"),
        "manifest": digest("ma"),
    }
    assert task["question"]["target"] == "late"
    assert task["gates"] == {"champion": None, "metrics": [{"metric": "auc", "min": 0.6}]}
    assert task["trainer"]["estimator"]["import"] == "sklearn.linear_model.LogisticRegression"
    assert (task["seed"], task["features"]) == (0, [])


def test_the_runs_own_fields_win_and_gates_count_as_a_whole() -> None:
    own = run(seed=7, gates={"metrics": [{"metric": "f1", "min": 0.5}]}, features=["temp"])
    task = task_of(RunStory(own))
    assert (task["seed"], task["features"]) == (7, ["temp"])
    assert task["gates"]["metrics"] == [{"metric": "f1", "min": 0.5}]


def test_resources_of_a_run_replace_those_of_the_template_as_a_whole() -> None:
    world = with_data()
    world.edit("TrainingTemplate", "flights", resources={"cpu": "4", "memory": "16Gi"})
    task = task_of(RunStory(run(resources={"cpu": "1"}), world=world))
    assert task["pod"]["resources"] == {"cpu": "1", "memory": "1Gi", "ephemeralStorage": "4Gi"}


def test_a_template_edited_later_changes_nothing() -> None:
    story = RunStory()
    before = task_of(story)
    story.world.edit("TrainingTemplate", "flights", gates={"metrics": []}, backoffLimit=9)
    story.world.delete("Job", "first-train")
    story.world.settle()
    assert task_of(story) == before
    assert story.world.get("Job", "first-train")["spec"]["backoffLimit"] == 1


def test_a_template_deleted_later_changes_nothing() -> None:
    story = RunStory()
    story.world.delete("TrainingTemplate", "flights")
    story.trains()
    story.is_judged()
    assert story.condition("Ready") == ("True", "Complete")


def test_a_run_waits_for_its_template() -> None:
    world = with_data()
    world.delete("TrainingTemplate", "flights")
    story = RunStory(world=world)
    assert story.condition("Ready") == ("False", "TemplateNotFound")
    assert story.condition("Reconciling") == ("True", "TemplateNotFound")
    world.add(template())
    world.settle()
    assert story.jobs == ["first-train"]


def test_a_run_waits_for_its_dataset() -> None:
    world = World()
    world.add(template())
    story = RunStory(world=world)
    assert story.condition("Reconciling") == ("True", "DatasetNotFound")
    world.add(dataset())
    world.settle()
    assert story.condition("Reconciling") == ("True", "DatasetNotReady")


def test_a_run_on_broken_data_starts_by_itself_when_it_is_mended() -> None:
    world = World()
    world.add(template())
    uid = world.add(dataset())["metadata"]["uid"]
    story = RunStory(world=world)
    (job,) = world.names("Job")
    story.ends(job, broken(uid))
    assert story.condition("Reconciling") == ("True", "DatasetNotReady")
    assert "RulesFailed" in story.message("Ready")
    world.annotate("Dataset", "flights", "plumbline.dev/refresh", "mended")
    world.settle()
    (job,) = world.names("Job")
    story.ends(job, profiled(uid))
    assert story.jobs == ["first-train"]


def test_a_run_waits_for_the_revision_of_a_fetch_under_way() -> None:
    world = with_data()
    world.annotate("Dataset", "flights", "plumbline.dev/refresh", "monday")
    story = RunStory(world=world)
    assert story.condition("Reconciling") == ("True", "DatasetNotReady")
    (job,) = world.names("Job")
    story.ends(job, profiled(world.get("Dataset", "flights")["metadata"]["uid"], "b"))
    assert story.status["dataset"]["revision"] == 2


def test_a_run_waits_for_a_fetch_whose_image_takes_long_to_come() -> None:
    world = with_data()
    world.annotate("Dataset", "flights", "plumbline.dev/refresh", "monday")
    world.settle()
    (job,) = world.names("Job")
    slow = active("ContainerCreating", "Container profile waits for its image.")
    world.finish(job, replace(slow, since=world.now))
    world.advance(60)
    story = RunStory(world=world)
    assert story.condition("Reconciling") == ("True", "DatasetNotReady")
    message = world.condition("TrainingRun", "first", "Ready")["message"]
    assert "waits for its image" in message
    story.ends(job, profiled(world.get("Dataset", "flights")["metadata"]["uid"], "b"))
    assert story.status["dataset"]["revision"] == 2


def test_a_run_that_names_its_revision_waits_for_no_other() -> None:
    world = with_data()
    world.annotate("Dataset", "flights", "plumbline.dev/refresh", "monday")
    story = RunStory(run(datasetRef={"name": "flights", "revision": 1}), world=world)
    assert story.status["dataset"]["revision"] == 1


def test_a_run_keeps_its_revision_when_a_newer_one_comes() -> None:
    story = RunStory()
    story.world.annotate("Dataset", "flights", "plumbline.dev/refresh", "monday")
    story.world.settle()
    (job,) = (name for name in story.world.names("Job") if name.startswith("flights"))
    story.ends(job, profiled(story.world.get("Dataset", "flights")["metadata"]["uid"], "b"))
    assert story.world.get("Dataset", "flights")["status"]["revision"] == 2
    assert story.status["dataset"]["revision"] == 1


STOPPED = {
    "a revision that was never made": (
        run(datasetRef={"name": "flights", "revision": 9}),
        {},
        "RevisionUnknown",
    ),
    "a dataset that asks nothing": (run(), {"question": None}, "QuestionMissing"),
    "a feature that is no column": (run(features=["wind"]), {}, "FeatureUnknown"),
    "a feature that is named twice": (run(features=["temp", "temp"]), {}, "FeatureTwice"),
    "the target as a feature": (run(features=["temp", "late"]), {}, "FeatureIsTarget"),
    "a gate on a metric of numbers for classes": (
        run(gates={"metrics": [{"metric": "accuracy", "min": 0.5}, {"metric": "r2", "min": 0.5}]}),
        {},
        "MetricNotApplicable",
    ),
    "a champion compared by areas where the answers are numbers": (
        run(gates={"champion": {"deploymentRef": {"name": "flights"}}}),
        {"question": {"task": "Regression", "target": "temp"}},
        "MetricNotApplicable",
    ),
    "a target that is no column": (
        run(),
        {"question": {"task": "Regression", "target": "delay"}},
        "TargetMissing",
    ),
    "the store's Secret in a training container": (
        run(podTemplate={"env": [STORE_SECRET]}),
        {},
        "StoreSecretForbidden",
    ),
}


@pytest.mark.parametrize(("made", "data", "reason"), STOPPED.values(), ids=STOPPED)
def test_a_run_does_not_start_with(made: dict[str, Any], data: dict[str, Any], reason: str) -> None:
    story = RunStory(made, world=with_data(**data))
    assert story.condition("Ready") == ("False", reason)
    assert story.condition("Stalled") == ("True", reason)
    assert story.condition("Reconciling") is None
    assert story.jobs == []


FEATURES = ["temp", "late"]


@pytest.mark.parametrize(
    ("made", "of_template", "remedy"),
    [
        (run(features=FEATURES), {}, "Create a new run without it."),
        (
            run(),
            {"features": FEATURES},
            "Remove it from spec.features in TrainingTemplate flights, or create a new run without "
            "it.",
        ),
    ],
)
def test_no_advice_is_to_edit_a_field_of_a_run_that_cannot_be_edited(
    made: dict[str, Any], of_template: dict[str, Any], remedy: str
) -> None:
    world = with_data()
    world.edit("TrainingTemplate", "flights", **of_template)
    message = RunStory(made, world=world).message("Ready")
    assert message.endswith(remedy)


@pytest.mark.parametrize(("made", "data"), [each[:2] for each in STOPPED.values()], ids=STOPPED)
def test_a_run_with_fields_of_its_own_is_made_anew(
    made: dict[str, Any], data: dict[str, Any]
) -> None:
    message = RunStory(made, world=with_data(**data)).message("Ready")
    of_data = "question" in data and "gates" not in made["spec"]
    assert ("Create a new run" in message) != of_data
    assert "TrainingTemplate" not in message


def test_a_run_that_was_stopped_by_the_data_starts_when_it_is_mended() -> None:
    story = RunStory(world=with_data(question=None))
    story.world.edit("Dataset", "flights", question={"task": "Classification", "target": "late"})
    story.world.settle()
    (job,) = story.world.names("Job")
    story.ends(job, profiled(story.world.get("Dataset", "flights")["metadata"]["uid"]))
    assert story.jobs == ["first-train"]


def test_an_older_revision_can_be_asked_for() -> None:
    world = with_data()
    world.annotate("Dataset", "flights", "plumbline.dev/refresh", "monday")
    world.settle()
    (job,) = world.names("Job")
    world.finish(job, profiled(world.get("Dataset", "flights")["metadata"]["uid"], "b"))
    world.settle()
    story = RunStory(run(datasetRef={"name": "flights", "revision": 1}), world=world)
    assert story.status["dataset"]["digest"] == digest("a")


def test_an_older_revision_may_have_columns_that_the_schema_no_longer_has() -> None:
    world = with_data()
    columns = [{"name": "carrier", "type": "string"}, {"name": "late", "type": "boolean"}]
    world.edit("Dataset", "flights", schema={"columns": columns})
    world.settle()
    (job,) = world.names("Job")
    world.finish(job, profiled(world.get("Dataset", "flights")["metadata"]["uid"], "b"))
    world.settle()
    old = run(datasetRef={"name": "flights", "revision": 1}, features=["temp"])
    assert RunStory(old, world=world).condition("Reconciling") == ("True", "Training")


def test_a_run_applied_together_with_an_edit_of_its_dataset_waits_for_the_new_revision() -> None:
    world = with_data()
    world.idle.add(DATASET)
    world.edit("Dataset", "flights", format="parquet")
    story = RunStory(world=world)
    assert story.jobs == []
    assert story.condition("Reconciling") == ("True", "DatasetNotReady")


def test_a_suspended_run_makes_nothing_until_it_is_resumed() -> None:
    story = RunStory(run(suspend=True))
    assert story.condition("Ready") == ("False", "Suspended")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert story.world.names("ConfigMap") == [
        name for name in story.world.names("ConfigMap") if name.startswith("flights")
    ]
    story.world.edit("TrainingRun", "first", suspend=False)
    story.world.settle()
    assert story.jobs == ["first-train"]


def test_a_run_suspended_while_it_trains_stops_before_its_judge() -> None:
    story = RunStory()
    story.world.edit("TrainingRun", "first", suspend=True)
    story.world.settle()
    assert story.condition("Ready") == ("False", "Suspended")
    story.trains()
    assert story.jobs == ["first-train"]
    assert story.status["training"] == digest("t")
    story.world.edit("TrainingRun", "first", suspend=False)
    story.world.settle()
    assert story.jobs == ["first-judge", "first-train"]


def test_a_namespace_without_credentials_says_what_mends_it() -> None:
    world = with_data()
    world.settings = settings(namespaces=frozenset())
    story = RunStory(world=world)
    assert story.condition("Stalled") == ("True", "StoreCredentialsMissing")
    assert "--set 'namespaces={team}'" in story.message("Stalled")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [({}, "NameConflict"), ({names.MANAGED_BY: names.MANAGER}, "NameConflict")],
)
def test_a_foreign_config_map_of_the_same_name_is_not_adopted(labels, reason) -> None:
    world = with_data()
    world.add(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "first-spec", "namespace": "team", "labels": labels},
            "data": {"task.json": "{}"},
        }
    )
    story = RunStory(world=world)
    assert story.condition("Stalled") == ("True", "NameConflict")
    assert story.jobs == []


def test_a_run_made_again_under_its_name_waits_until_the_old_ones_children_are_gone() -> None:
    story = RunStory()
    story.world.cluster.collects = False
    story.world.delete("TrainingRun", "first")
    story.world.add(run())
    story.world.settle()
    assert story.condition("Reconciling") == ("True", "NameConflict")
    story.world.cluster.collects = True
    story.world.settle()
    assert story.condition("Reconciling") == ("True", "Training")


def test_a_frozen_spec_that_was_replaced_is_not_followed() -> None:
    story = RunStory()
    task = story.world.get("ConfigMap", "first-spec")["data"]["task.json"]
    other = {"task.json": task.replace('"seed":0', '"seed":1')}
    story.world.replace("ConfigMap", "first-spec", data=other)
    story.world.settle()
    assert story.condition("Stalled") == ("True", "FrozenSpecChanged")


def test_a_deleted_frozen_spec_comes_back_when_nothing_has_changed() -> None:
    story = RunStory()
    story.world.delete("ConfigMap", "first-spec")
    story.world.settle()
    assert "first-spec" in story.world.names("ConfigMap")
    assert story.condition("Ready") == ("False", "Training")


def test_a_deleted_frozen_spec_cannot_come_back_from_a_changed_template() -> None:
    story = RunStory()
    story.world.delete("ConfigMap", "first-spec")
    story.world.edit("TrainingTemplate", "flights", seed=3)
    story.world.settle()
    assert story.condition("Stalled") == ("True", "FrozenSpecChanged")
