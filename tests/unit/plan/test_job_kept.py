"""A Job that does not go on says why, as early as anybody can know."""

from datetime import UTC, datetime
from typing import Any

from plumbline.plan.common.job_outcome import of_job

BORN, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
IMAGE = "team/train:1"
JOB = {"metadata": {"name": "j", "uid": "u"}, "status": {"startTime": BORN}}
CREATING = {"waiting": {"reason": "ContainerCreating"}}
INITIALIZING = {"waiting": {"reason": "PodInitializing"}}
RUNNING = {"running": {"startedAt": LATER}}
DONE = {"terminated": {"exitCode": 0, "finishedAt": LATER}}


def pod(*, fetch: Any, upload: Any, train: Any, started: bool = True) -> dict[str, Any]:
    """Return a train pod as the kubelet tells of it."""
    inits = [
        {"name": "fetch", "state": fetch},
        {"name": "upload", "state": upload, "started": started},
    ]
    return {
        "metadata": {"name": "p", "creationTimestamp": BORN},
        "spec": {
            "initContainers": [{"name": "fetch"}, {"name": "upload", "restartPolicy": "Always"}],
            "containers": [{"name": "train"}],
        },
        "status": {
            "startTime": BORN,
            "initContainerStatuses": inits,
            "containerStatuses": [{"name": "train", "state": train, "image": IMAGE}],
        },
    }


def time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_job_without_pods_says_that_quota_may_be_used_up() -> None:
    outcome = of_job(JOB, [])
    assert (outcome.state, outcome.reason, outcome.since) == ("Active", "PodMissing", time(BORN))
    assert "quota" in outcome.message


def test_a_job_that_a_queue_holds_back_misses_no_pod() -> None:
    assert of_job({**JOB, "status": {}}, []).reason == ""


def test_an_image_that_takes_long_is_named_before_anybody_knows_whether_it_exists() -> None:
    outcome = of_job(JOB, [pod(fetch=DONE, upload=RUNNING, train=INITIALIZING)])
    assert (outcome.reason, outcome.since) == ("ContainerCreating", time(LATER))
    assert f"Container train of pod p waits for its image {IMAGE}" in outcome.message


def test_a_pod_whose_first_container_waits_names_that_one() -> None:
    outcome = of_job(JOB, [pod(fetch=INITIALIZING, upload=INITIALIZING, train=INITIALIZING)])
    assert (outcome.reason, outcome.since) == ("ContainerCreating", time(BORN))
    assert "Container fetch of pod p" in outcome.message


def test_containers_that_wait_for_one_that_works_are_in_no_trouble() -> None:
    working = pod(fetch=RUNNING, upload=INITIALIZING, train=INITIALIZING)
    slow = pod(fetch=DONE, upload=RUNNING, train=INITIALIZING, started=False)
    busy = pod(fetch=DONE, upload=RUNNING, train=RUNNING)
    assert [of_job(JOB, [each]).reason for each in (working, slow, busy)] == ["", "", ""]


def test_an_image_that_cannot_be_pulled_is_told_with_the_time_since_when() -> None:
    lost = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}
    outcome = of_job(JOB, [pod(fetch=DONE, upload=RUNNING, train=lost)])
    assert (outcome.reason, outcome.since) == ("ImagePullBackOff", time(BORN))
    assert "no such host. Check the image" in outcome.message
