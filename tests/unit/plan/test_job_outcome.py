"""What becomes of a Job is read from what Kubernetes and our own steps say."""

import json
from typing import Any

from plumbline.plan.common.job_outcome import of_job

DIGEST = "sha256:" + "a" * 64


def job(*conditions: tuple[str, str]) -> dict[str, Any]:
    found = [{"type": kind, "status": "True", "reason": reason} for kind, reason in conditions]
    return {"metadata": {"name": "j", "uid": "u"}, "status": {"conditions": found}}


def pod(phase: str = "Running", **containers: Any) -> dict[str, Any]:
    statuses = [{"name": name, "state": state} for name, state in containers.items()]
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "status": {"phase": phase, "containerStatuses": statuses}}


def ended(code: int = 0, word: object = "", reason: str = "") -> dict[str, Any]:
    text = word if isinstance(word, str) else json.dumps(word)
    return {"terminated": {"exitCode": code, "message": text, "reason": reason}}


COMPLETE = ("Complete", "CompletionsReached")
FAILED = ("Failed", "BackoffLimitExceeded")


def test_a_users_container_cannot_forge_a_result() -> None:
    forged = {"digest": "sha256:" + "b" * 64}
    done = pod("Succeeded", upload=ended(word={"digest": DIGEST}), train=ended(word=forged))
    assert of_job(job(COMPLETE), [done]).manifest == DIGEST


def test_an_upload_that_failed_is_told_although_the_job_is_complete() -> None:
    word = {"reason": "ModelMissing", "message": "train wrote no model"}
    outcome = of_job(job(COMPLETE), [pod("Succeeded", upload=ended(64, word), train=ended())])
    assert (outcome.state, outcome.reason) == ("Failed", "ModelMissing")


def test_a_pod_that_is_gone_leaves_the_result_to_the_store() -> None:
    outcome = of_job(job(COMPLETE), [])
    assert (outcome.state, outcome.manifest) == ("Succeeded", None)


def test_a_steps_own_reason_comes_before_the_jobs() -> None:
    word = {"reason": "SourceUnreadable", "message": "line 4"}
    outcome = of_job(job(FAILED), [pod("Failed", profile=ended(64, word))])
    assert (outcome.reason, outcome.message) == ("SourceUnreadable", "line 4")


def test_a_training_that_failed_is_heard_before_the_upload_that_misses_its_model() -> None:
    missing = ended(64, {"reason": "ModelMissing", "message": "train wrote no model"})
    wrong = ended(64, {"reason": "EstimatorNotFound", "message": "no such estimator"})
    outcome = of_job(job(FAILED), [pod("Failed", upload=missing, train=wrong)])
    assert outcome.reason == "EstimatorNotFound"
    killed = ended(137, reason="OOMKilled")
    outcome = of_job(job(FAILED), [pod("Failed", upload=missing, train=killed)])
    assert outcome.reason == "OOMKilled"
    late = ("Failed", "DeadlineExceeded")
    outcome = of_job(job(late), [pod("Failed", upload=missing, train=ended(137))])
    assert outcome.reason == "DeadlineExceeded"


def test_a_training_out_of_memory_is_not_blamed_on_a_store_that_was_away_before() -> None:
    away = {"reason": "StoreUnreachable", "message": "The store was away.", "retry": True}
    before, killed = pod("Failed", fetch=ended(75, away)), ended(137, reason="OOMKilled")
    after = pod("Failed", fetch=ended(), train=killed)
    after["metadata"] = {"name": "p2", "creationTimestamp": "2026-01-01T01:00:00Z"}
    outcome = of_job(job(FAILED), [before, after])
    assert (outcome.reason, outcome.temporary) == ("OOMKilled", None)
    late = of_job(job(("Failed", "DeadlineExceeded")), [before, after])
    assert (late.reason, late.temporary) == ("StoreUnreachable", True)


def test_a_job_that_took_too_long_names_itself_and_its_limit() -> None:
    late = {**job(("Failed", "DeadlineExceeded")), "spec": {"activeDeadlineSeconds": 600}}
    said = of_job(late, [pod("Failed", train=ended(137, reason="DeadlineExceeded"))]).message
    assert "Job j took longer than spec.activeDeadlineSeconds (600 s)." in said
    assert "Raise" not in said, "nothing restarts a run that has ended"


def test_a_job_that_failed_for_no_known_reason_says_where_to_look() -> None:
    said = of_job(job(FAILED), []).message
    assert said == "Job j failed. Run kubectl describe job j for details."


def test_out_of_memory_is_said_with_what_to_do() -> None:
    outcome = of_job(job(FAILED), [pod("Failed", train=ended(137, reason="OOMKilled"))])
    assert outcome.reason == "OOMKilled"
    assert "resources.memory" in outcome.message


def test_an_image_that_cannot_be_pulled_is_told_while_the_job_waits() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    outcome = of_job(job(), [pod(train=waiting)])
    assert (outcome.state, outcome.reason) == ("Active", "ImagePullBackOff")


def test_an_image_that_runs_as_root_is_named_as_such() -> None:
    text = "container has runAsNonRoot and image will run as root"
    waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": text}}
    assert of_job(job(), [pod(train=waiting)]).reason == "RunAsRoot"
