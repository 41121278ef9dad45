"""Why a Job that has not ended does not go on, in the words of whoever knows best."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from plumbline.contract.last_words import Failure
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.shell.pods import last_words, statuses

Object = Mapping[str, Any]

# Reasons for which a container waits that do not go away by waiting, with what mends them.
STUCK = {
    "ImagePullBackOff": "check the image's name and the pull secrets",
    "ErrImagePull": "check the image's name and the pull secrets",
    "ErrImageNeverPull": "load the image on the node or change the pull policy",
    "InvalidImageName": "mend the image's name",
    "CreateContainerConfigError": "mend what the message names",
    "CreateContainerError": "mend what the message names",
}
# What the kubelet says of a container that it has not come to, or whose image it still pulls.
STARTING = {"ContainerCreating", "PodInitializing"}


def of_job(job: Object, pods: list[Object]) -> JobOutcome:
    """Return what keeps an active Job, if anything does.

    Args:
        job: the Job as it lives.
        pods: its pods, the newest last.
    """
    found = [outcome for pod in reversed(pods) for outcome in _of_pod(pod)]
    if not pods and (started := job.get("status", {}).get("startTime")):
        found = [_podless(job, started)]
    return found[0] if found else JobOutcome(state="Active")


def _of_pod(pod: Object) -> Iterator[JobOutcome]:
    born = pod["metadata"].get("creationTimestamp")
    for status in statuses(pod):
        waiting = status.get("state", {}).get("waiting", {})
        if waiting.get("reason") in STUCK:
            yield _active(*_stuck(status["name"], waiting, pod), since=born)
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            message = condition.get("message", "no node fits")
            yield _active("Unschedulable", message, since=born)
    for _, _, word in last_words(pod):
        if isinstance(word, Failure) and word.temporary:
            yield _active(word.reason, word.message, since=born)
    yield from _starting(pod)


def _stuck(name: str, waiting: Object, pod: Object) -> tuple[str, str]:
    reason, said = waiting["reason"], waiting.get("message", "")
    where = _where(name, pod)
    if "runAsNonRoot" in said or "run as root" in said:
        return "RunAsRoot", f"{where}: its image runs as root: give it a numeric USER other than 0"
    return reason, f"{where}: {said or reason}: {STUCK[reason]}"


def _starting(pod: Object) -> Iterator[JobOutcome]:
    """Yield the container whose turn it is, while it waits for its image or a volume."""
    since: str | None = pod.get("status", {}).get("startTime")
    for status in statuses(pod):
        if status.get("state", {}).get("waiting", {}).get("reason") in STARTING:
            yield _active("ContainerCreating", _awaited(status, pod), since=since)
            return
        if (since := _passed(status, pod)) is None:
            return


def _passed(status: Object, pod: Object) -> str | None:
    """Return when a container let the next one start; None while it holds it back."""
    state = status.get("state", {})
    if "terminated" in state:
        return str(state["terminated"].get("finishedAt", ""))
    if "running" in state and status["name"] in _beside(pod) and status.get("started"):
        return str(state["running"].get("startedAt", ""))
    return None


def _beside(pod: Object) -> set[str]:
    """Return the containers that nobody waits for to end: side-cars and the pod's own."""
    spec = pod.get("spec", {})
    cars = (c for c in spec.get("initContainers", ()) if c.get("restartPolicy") == "Always")
    return {each["name"] for each in (*cars, *spec.get("containers", ()))}


def _awaited(status: Object, pod: Object) -> str:
    name = pod["metadata"]["name"]
    return (
        f"{_where(status['name'], pod)} waits for its image {status.get('image', '')} or a volume: "
        f"kubectl describe pod {name} tells which"
    )


def _podless(job: Object, since: str) -> JobOutcome:
    name = job["metadata"]["name"]
    message = (
        f"Job {name} has no pod: the namespace's quota may be used up, or a policy refuses its "
        f"pods: kubectl describe job {name} tells. It goes on by itself when pods are let in"
    )
    return _active("PodMissing", message, since=since)


def _active(reason: str, message: str, *, since: str | None) -> JobOutcome:
    began = datetime.fromisoformat(since) if since else None
    return JobOutcome(state="Active", reason=reason, message=message, since=began)


def _where(name: str, pod: Object) -> str:
    return f"container {name} of pod {pod['metadata']['name']}"
