"""A TrainingRun from its train Job to its end, good or bad."""

import pytest

from tests.unit.plan.builders import active, digest, failed, judged, run, trained
from tests.unit.plan.stories import RunStory


def test_a_trained_run_is_judged() -> None:
    story = RunStory()
    story.trains()
    assert story.jobs == ["first-judge", "first-train"]
    assert story.condition("Reconciling") == ("True", "Evaluating")
    assert story.status["training"] == digest("t")


def test_a_run_whose_gates_passed_is_complete() -> None:
    story = RunStory()
    story.trains()
    story.is_judged()
    assert story.condition("Ready") == ("True", "Complete")
    assert story.condition("Reconciling") is story.condition("Stalled") is None
    assert "auc 0.71 (95 % CI 0.69-0.73, 5000 rows)" in story.message("Ready")
    assert story.status["model"] == {
        "digest": digest("model"),
        "manifest": digest("judged"),
        "engine": "linear",
    }
    assert story.status["verdict"] == "Passed"
    assert story.status["completionTime"] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("verdict", "reason"), [("Failed", "GateFailed"), ("Inconclusive", "GateInconclusive")]
)
def test_a_run_whose_gate_did_not_pass_is_stalled_with_numbers(verdict: str, reason: str) -> None:
    story = RunStory()
    story.trains()
    story.is_judged(verdict)
    assert story.condition("Ready") == ("False", reason)
    assert story.condition("Stalled") == ("True", reason)
    assert story.condition("Reconciling") is None
    assert "auc 0.71 (95 % CI 0.69-0.73, 5000 rows)" in story.message("Stalled")
    assert story.status["verdict"] == verdict
    assert story.status["model"]["digest"] == digest("model")


@pytest.mark.parametrize("reason", ["EstimatorNotFound", "OOMKilled", "DeadlineExceeded"])
def test_a_training_that_failed_for_good_says_why_and_what_to_do(reason: str) -> None:
    story = RunStory()
    story.ends("first-train", failed(reason, "Container train broke."))
    assert story.condition("Ready") == ("False", reason)
    assert story.condition("Stalled") == ("True", reason)
    assert story.message("Stalled") == (
        "Container train broke. This run cannot be changed or repeated: fix the cause and create a "
        "new run."
    )
    assert story.status["completionTime"]
    assert story.jobs == ["first-train"]


def test_a_model_that_could_not_be_kept_is_trained_again_a_few_times() -> None:
    story = RunStory()
    story.ends("first-train", failed("ResultMissing"))
    assert story.jobs == ["first-train", "first-train-2"]
    assert story.condition("Reconciling") == ("True", "Training")
    story.ends("first-train-2", failed("StoreUnreachable"))
    story.ends("first-train-3", failed("StoreUnreachable"))
    assert story.jobs == ["first-train", "first-train-2", "first-train-3"]
    assert story.condition("Stalled") == ("True", "StoreUnreachable")


def test_the_second_training_counts_when_the_first_could_not_be_kept() -> None:
    story = RunStory()
    story.ends("first-train", failed("ResultMissing"))
    story.ends("first-train-2", trained(story.uid))
    story.is_judged()
    assert story.condition("Ready") == ("True", "Complete")


def test_a_judge_that_failed_for_good_ends_the_run() -> None:
    story = RunStory()
    story.trains()
    story.ends("first-judge", failed("ModelUnsafe", "/model/model.skops is a link"))
    assert story.condition("Stalled") == ("True", "ModelUnsafe")


def test_an_image_that_cannot_be_pulled_is_told_and_recovers_when_mended() -> None:
    story = RunStory()
    story.ends("first-train", active("ErrImagePull", "Container train: no such image"))
    assert story.condition("Reconciling") == ("True", "ImagePullBackOff")
    assert story.condition("Stalled") is None
    story.world.finish("first-train", active("ImagePullBackOff", "Container train: back-off 10s"))
    assert story.world.settle() == 0
    story.trains()
    assert story.condition("Reconciling") == ("True", "Evaluating")


def test_an_image_that_runs_as_root_is_said_to_need_a_new_run() -> None:
    story = RunStory(run(trainer={"container": {"image": "team/train:1"}}))
    story.ends("first-train", active("RunAsRoot", "Container train: its image runs as root"))
    assert story.condition("Stalled") == ("True", "RunAsRoot")
    assert "create a new run" in story.message("Stalled")
    assert "completionTime" not in story.status


def test_an_ended_run_stays_as_it_is_whatever_happens_to_its_jobs() -> None:
    story = RunStory()
    story.trains()
    story.is_judged()
    before = story.status
    for job in list(story.jobs):
        story.world.delete("Job", job)
    story.world.delete("Dataset", "flights")
    story.world.delete("ConfigMap", "first-spec")
    story.world.settle()
    assert story.status == before


def test_a_train_job_deleted_by_hand_is_made_again() -> None:
    story = RunStory()
    story.world.delete("Job", "first-train")
    story.world.settle()
    assert story.jobs == ["first-train"]


def test_a_train_job_that_vanished_before_its_end_was_seen_is_done_again() -> None:
    story = RunStory()
    story.world.finish("first-train", trained(story.uid))
    story.world.delete("Job", "first-train")
    story.world.settle()
    assert story.jobs == ["first-train"]
    story.trains()
    assert story.jobs == ["first-judge", "first-train"]


def test_a_train_job_deleted_after_its_work_was_recorded_is_not_repeated() -> None:
    story = RunStory()
    story.trains()
    story.world.delete("Job", "first-train")
    story.world.settle()
    assert story.jobs == ["first-judge"]
    story.is_judged()
    assert story.condition("Ready") == ("True", "Complete")


def test_a_manifest_of_another_run_is_refused() -> None:
    story = RunStory()
    story.ends("first-train", trained("somebody-else"))
    assert story.condition("Stalled") == ("True", "ResultInvalid")


def test_a_judgement_of_another_model_is_refused() -> None:
    story = RunStory()
    story.trains()
    other = {"training": digest("u"), "champion": None}
    story.ends("first-judge", judged(story.uid, case=other))
    assert story.condition("Stalled") == ("True", "ResultInvalid")


def test_a_judgement_beside_another_champion_is_refused() -> None:
    story = RunStory()
    story.trains()
    other = {"training": digest("t"), "champion": {"manifest": digest("aa")}}
    story.ends("first-judge", judged(story.uid, case=other))
    assert story.condition("Stalled") == ("True", "ResultInvalid")


def test_a_judgement_with_numbers_that_no_api_can_carry_is_refused() -> None:
    story = RunStory()
    story.trains()
    outcome = judged(story.uid)
    assert outcome.record
    outcome.record["metrics"][0]["low"] = float("nan")
    story.ends("first-judge", outcome)
    assert story.condition("Stalled") == ("True", "ResultInvalid")


def test_a_queued_run_makes_suspended_jobs_with_the_queues_label() -> None:
    label = {"kueue.x-k8s.io/queue-name": "gpus"}
    story = RunStory(run(metadata={"labels": label}))
    job = story.world.get("Job", "first-train")
    assert job["spec"]["suspend"] is True
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"
    assert "kueue.x-k8s.io/queue-name" not in job["spec"]["template"]["metadata"]["labels"]
    assert story.condition("Reconciling") == ("True", "Queued")
    assert "queue gpus" in story.message("Ready")


def test_a_job_that_its_queue_has_admitted_is_not_touched() -> None:
    story = RunStory(run(metadata={"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}))
    job = story.world.get("Job", "first-train")
    job["spec"]["suspend"] = False
    job["spec"]["template"]["spec"]["nodeSelector"] = {"pool": "gpu"}
    story.world.settle()
    assert story.condition("Reconciling") == ("True", "Training")
    assert job["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "gpu"}


def test_jobs_go_when_their_time_is_over_and_the_run_stays() -> None:
    story = RunStory(run(ttlSecondsAfterFinished=60))
    story.trains()
    story.is_judged()
    due = story.world.due("TrainingRun", "first")
    assert due
    assert (due - story.world.now).total_seconds() == 60
    story.world.advance(60)
    assert story.jobs == []
    assert story.condition("Ready") == ("True", "Complete")


def test_jobs_stay_when_nothing_is_said_about_them() -> None:
    story = RunStory()
    story.trains()
    story.is_judged()
    assert story.world.advance(10**8) == 0
    assert story.jobs == ["first-judge", "first-train"]


def test_a_run_that_is_being_deleted_is_left_alone() -> None:
    story = RunStory()
    metadata = story.world.get("TrainingRun", "first")["metadata"]
    metadata["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    story.trains()
    assert story.jobs == ["first-train"]
