"""A Dataset from its first fetch to its last good revision."""

import json
from dataclasses import replace

import pytest
from plumbline.plan.dataset.fetch_attempt import REFRESHES

from tests.sim.loop.world import World
from tests.unit.plan.builders import (
    API_VERSION,
    active,
    broken,
    dataset,
    digest,
    failed,
    profiled,
    settings,
)
from tests.unit.plan.stories import DatasetStory as Story
from tests.unit.plan.stories import ready_dataset as ready_story


def test_a_new_dataset_gets_one_job_and_its_task() -> None:
    story = Story()
    assert story.world.names("Job") == story.world.names("ConfigMap")
    task = json.loads(story.world.get("ConfigMap", story.job)["data"]["task.json"])
    assert task["previous"] is None
    assert {"dataset", "source", "format", "schema", "expectations", "question"} < set(task)


def test_a_dataset_that_is_made_again_holds_out_the_same_rows() -> None:
    keys, uids = set(), set()
    for earlier in ([], [dataset()]):
        world = World()
        for gone in earlier:
            world.add(gone)
            world.delete("Dataset", "flights")
        world.add(dataset())
        world.settle()
        task = json.loads(world.get("ConfigMap", *world.names("ConfigMap"))["data"]["task.json"])
        keys.add(task["holdoutKey"])
        uids.add(task["dataset"]["uid"])
    assert len(uids) == 2
    assert keys == {"team/flights"}


def test_a_first_fetch_under_way_is_not_ready_and_reconciling() -> None:
    story = Story()
    assert story.condition("Ready") == ("False", "Profiling")
    assert story.condition("Reconciling") == ("True", "Profiling")
    assert story.condition("Valid") == ("Unknown", "NotFetched")
    assert story.condition("Stalled") is None


def test_good_rows_become_revision_1() -> None:
    story = ready_story()
    assert story.condition("Ready") == ("True", "RevisionInUse")
    assert story.condition("Valid") == ("True", "RulesPassed")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert (story.status["revision"], story.status["rows"]) == (1, 100)
    assert story.status["fetch"]["outcome"] == "NewRevision"


def test_advice_about_a_result_of_another_version_does_not_blame_the_source() -> None:
    story = Story()
    story.ends(profiled("another-uid"))
    assert story.condition("Stalled") == ("True", "ResultInvalid")
    message = story.message("Ready")
    assert "Use the same version for the operator image and the trainer image. After" in message
    assert "source or the spec" not in message


def test_nothing_asks_for_a_second_fetch_of_the_same_spec() -> None:
    story = ready_story()
    assert story.world.advance(10**6) == 0


def test_a_refresh_with_other_rows_makes_revision_2() -> None:
    story = ready_story()
    story.refresh("monday")
    assert story.condition("Ready") == ("True", "RevisionInUse")
    assert story.condition("Reconciling") == ("True", "Profiling")
    story.ends(profiled(story.uid, "b", rows=120))
    assert [each["revision"] for each in story.status["history"]] == [2, 1]
    assert story.status["digest"] == digest("b")


def test_a_refresh_with_the_same_rows_makes_no_revision() -> None:
    story = ready_story()
    story.refresh("monday")
    story.ends(profiled(story.uid, "a"))
    assert story.status["revision"] == 1
    assert len(story.status["history"]) == 1
    assert story.status["fetch"]["outcome"] == "Unchanged"


SCHEMA = {
    "columns": [
        {"name": "temp", "type": "number", "min": -60, "max": 130},
        {"name": "carrier", "type": "string"},
        {"name": "late", "type": "boolean"},
    ]
}
ASKED = {"task": "Classification", "target": "late"}


@pytest.mark.parametrize(
    "changed",
    [
        {"question": {**ASKED, "holdout": {"share": 0.3}}},
        {"question": {**ASKED, "holdout": {"by": "Group", "column": "carrier"}}},
        {"question": {**ASKED, "task": "Regression"}},
        {"schema": {"columns": [*SCHEMA["columns"][:2], {"name": "late", "type": "integer"}]}},
        {"schema": {**SCHEMA, "primaryKey": ["temp"]}},
    ],
)
def test_the_same_rows_judged_by_other_rules_are_another_revision(changed) -> None:
    story = ready_story()
    story.world.edit("Dataset", "flights", **changed)
    story.world.settle()
    story.ends(profiled(story.uid, "a"))
    assert [each["revision"] for each in story.status["history"]] == [2, 1]
    assert story.status["fetch"]["outcome"] == "NewRevision"


@pytest.mark.parametrize(
    "changed",
    [
        {"expectations": {"minRows": 5}},
        {"question": {**ASKED, "holdout": {"by": "Row", "share": 0.2}}},
        {"schema": {"columns": [{**each, "description": "x"} for each in SCHEMA["columns"]]}},
        {"schema": {"columns": SCHEMA["columns"][::-1]}},
    ],
)
def test_the_same_rows_and_rules_stay_the_same_revision_whatever_else_changes(changed) -> None:
    story = ready_story()
    story.world.edit("Dataset", "flights", **changed)
    story.refresh("monday")
    story.ends(profiled(story.uid, "a"))
    assert story.status["revision"] == 1
    assert story.status["fetch"]["outcome"] == "Unchanged"


def test_a_revision_of_an_older_release_is_not_made_anew() -> None:
    story = ready_story()
    del story.status["history"][0]["rules"]
    story.refresh("monday")
    story.ends(profiled(story.uid, "a"))
    assert story.status["revision"] == 1
    assert "rules" in story.status["history"][0]


def test_the_same_refresh_mark_fetches_once() -> None:
    story = ready_story()
    story.refresh("monday")
    story.ends(profiled(story.uid, "b"))
    story.refresh("monday")
    assert story.world.settle() == 0


def test_the_task_of_a_refresh_names_the_manifest_before() -> None:
    story = ready_story()
    story.refresh("monday")
    task = json.loads(story.world.get("ConfigMap", story.job)["data"]["task.json"])
    assert task["previous"] == digest("ma")


def test_a_changed_expectation_reads_the_source_again() -> None:
    story = ready_story()
    old = story.job
    story.world.edit("Dataset", "flights", expectations={"minRows": 5})
    story.world.settle()
    assert story.job != old


def test_a_changed_description_reads_nothing() -> None:
    story = ready_story()
    story.world.edit("Dataset", "flights", description="Departures from New York")
    story.world.settle()
    assert story.status["observedGeneration"] == 2
    assert story.condition("Reconciling") is None


def test_first_rows_that_break_a_rule_stall_the_dataset() -> None:
    story = Story()
    story.ends(broken(story.uid))
    assert story.condition("Ready") == ("False", "RulesFailed")
    assert story.condition("Stalled") == ("True", "RulesFailed")
    assert story.condition("Valid") == ("False", "RulesFailed")
    assert story.status["violations"][0]["rows"] == [4, 9, 12]
    assert "3 rows" in story.message("Stalled")
    assert "kubectl annotate dataset flights -n team" in story.message("Stalled")


def test_later_rows_that_break_a_rule_leave_the_last_revision_in_use() -> None:
    story = ready_story()
    story.refresh("monday")
    story.ends(broken(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")
    assert story.condition("Valid") == ("False", "RulesFailed")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert (story.status["revision"], story.status["manifest"]) == (1, digest("ma"))


def test_mended_rows_clear_the_violations() -> None:
    story = ready_story()
    story.refresh("monday")
    story.ends(broken(story.uid))
    story.refresh("tuesday")
    story.ends(profiled(story.uid, "b"))
    assert "violations" not in story.status
    assert story.condition("Valid") == ("True", "RulesPassed")


def test_what_is_odd_about_good_rows_is_said_until_it_is_gone() -> None:
    story = ready_story()
    story.refresh("monday")
    odd = {"rule": "TimeInFuture", "column": "t", "count": 3, "message": "Column t has 3 values."}
    result = profiled(story.uid, "b")
    story.ends(replace(result, record={**(result.record or {}), "warnings": [odd]}))
    assert story.condition("Valid") == ("True", "RulesPassed")
    assert "rows pass all rules. Warning TimeInFuture: Column t has" in story.message("Valid")
    assert story.status["warnings"][0]["count"] == 3
    story.refresh("tuesday")
    story.ends(profiled(story.uid, "c"))
    assert "warnings" not in story.status


def test_a_suspended_dataset_reads_nothing_and_keeps_its_revision() -> None:
    story = ready_story()
    story.world.edit("Dataset", "flights", suspend=True)
    story.refresh("monday")
    assert story.condition("Ready") == ("False", "Suspended")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert story.status["revision"] == 1
    story.world.edit("Dataset", "flights", suspend=False)
    story.world.settle()
    assert story.condition("Reconciling") == ("True", "Profiling")


def test_a_namespace_without_credentials_says_what_mends_it() -> None:
    world = World(settings=settings(namespaces=frozenset({"other"})))
    world.add(dataset())
    world.settle()
    found = world.condition("Dataset", "flights", "Stalled")
    assert found
    assert found["reason"] == "StoreCredentialsMissing"
    assert "--set 'namespaces={other,team}'" in found["message"]
    assert world.names("Job") == []
    world.settings = settings()
    world.settle()
    assert world.condition("Dataset", "flights", "Stalled") is None
    assert len(world.names("Job")) == 1


def test_a_pod_that_cannot_start_is_told_and_recovers_when_mended() -> None:
    story = Story()
    story.world.finish(story.job, active("ErrImagePull", "Container profile: not found"))
    story.world.settle()
    assert story.condition("Reconciling") == ("True", "ImagePullBackOff")
    story.ends(profiled(story.uid))
    assert story.condition("Ready") == ("True", "RevisionInUse")


def test_a_kubelet_that_rephrases_the_same_trouble_causes_no_write() -> None:
    story = Story()
    story.world.finish(story.job, active("ErrImagePull", "Container profile: no such image"))
    story.world.settle()
    story.world.finish(story.job, active("ImagePullBackOff", "Container profile: back-off 10s"))
    assert story.world.settle() == 0


def test_an_edit_during_a_fetch_replaces_the_job() -> None:
    story = Story()
    old = story.job
    story.world.edit("Dataset", "flights", format="parquet")
    story.world.settle()
    assert story.job != old
    assert story.world.names("ConfigMap") == [story.job]


def test_a_job_deleted_by_hand_is_made_again() -> None:
    story = Story()
    name = story.job
    story.world.delete("Job", name)
    story.world.settle()
    assert story.job == name


def test_a_finished_job_deleted_later_changes_nothing() -> None:
    story = ready_story()
    story.world.delete("Job", story.job)
    assert story.world.settle() == 0


def test_only_the_newest_job_and_its_task_are_kept() -> None:
    story = ready_story()
    for mark in ("monday", "tuesday", "wednesday"):
        story.refresh(mark)
        story.ends(profiled(story.uid, mark))
    assert story.world.names("ConfigMap") == [story.job]


OWNER = {"apiVersion": API_VERSION, "kind": "Dataset", "name": "flights"}


def test_children_that_somebody_else_hung_on_the_dataset_are_left_alone() -> None:
    story = ready_story()
    stranger = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "stranger",
            "namespace": "team",
            "ownerReferences": [{**OWNER, "uid": story.uid, "controller": True}],
        },
        "spec": {"suspend": True},
    }
    story.world.add(stranger)
    assert story.world.settle() == 0
    assert "stranger" in story.world.names("Job")


def test_history_is_bounded() -> None:
    story = ready_story()
    for number in range(25):
        story.refresh(str(number))
        story.ends(profiled(story.uid, f"{number:02}"))
    assert len(story.status["history"]) == 20
    assert story.status["revision"] == 26


def test_a_monitors_request_is_answered_in_the_status() -> None:
    story = ready_story()
    story.asks("monitor-1")
    story.ends(profiled(story.uid, "b"))
    assert story.status["refreshes"] == [
        {"id": "monitor-1", "outcome": "NewRevision", "revision": 2}
    ]


def test_a_request_that_comes_during_a_fetch_gets_its_own() -> None:
    story = ready_story()
    story.asks("first")
    story.asks("first", "second")
    story.ends(profiled(story.uid, "b"))
    assert [each["id"] for each in story.status["refreshes"]] == ["first"]
    story.ends(profiled(story.uid, "b"))
    assert [each["outcome"] for each in story.status["refreshes"]] == ["Unchanged", "NewRevision"]


def test_more_requests_than_the_status_can_answer_do_not_fetch_for_ever() -> None:
    story = ready_story()
    story.asks(*(f"monitor-{number:02}" for number in range(REFRESHES + 3)))
    story.ends(profiled(story.uid, "b"))
    assert story.condition("Reconciling") is None
    assert len(story.status["refreshes"]) == REFRESHES


def test_a_manifest_of_another_dataset_is_refused() -> None:
    story = Story()
    story.ends(profiled("somebody-else"))
    assert story.condition("Stalled") == ("True", "ResultInvalid")


def test_a_reason_that_no_condition_can_hold_is_replaced() -> None:
    story = Story()
    story.ends(failed("no reason at all!"))
    assert story.condition("Stalled") == ("True", "JobFailed")


def test_a_dataset_that_is_being_deleted_is_left_alone() -> None:
    story = Story()
    story.world.begin_to_delete("Dataset", "flights")
    story.ends(profiled(story.uid))
    assert "revision" not in story.status
