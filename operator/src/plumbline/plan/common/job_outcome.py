"""What a Job has come to: read from its status and its pods; the store tells the rest.

A step's last word comes first (`contract/last_words.py`). Kubernetes' own words (OOMKilled,
ImagePullBackOff) fill in where a step could not speak for itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from plumbline.api.objects import Manifest
from plumbline.contract.last_words import LastWord, Success
from plumbline.plan.common import pod_failures
from plumbline.plan.common.pod_failures import CRASHING, KILLED, last_words, statuses

Object = Mapping[str, Any]
DEADLINE = "DeadlineExceeded"
LATE = "the Job took longer than activeDeadlineSeconds: raise it or train on less"
SAID_LIMIT = 400

# Steps of ours that end with the digest of a manifest; a user's container is not believed.
SPEAKERS = {"profile", "upload", "judge"}
# The step that begins when another of its pod has ended, however that went.
FOLLOWER = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What is known of one Job, from its status, its pods' messages and the store.

    Attributes:
        state: Active while it may still end well.
        reason: CamelCase word when it failed or cannot start, such as OOMKilled.
        message: what was seen, where, and what to do.
        since: when that which keeps an active Job began, as far as it is known.
        manifest: digest of the manifest that the Job wrote, if it got so far.
        record: content of that manifest, read from the store and verified.
    """

    state: Literal["Active", "Succeeded", "Failed"]
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    manifest: str | None = None
    record: Manifest | None = None


def of_job(job: Object, pods: Iterable[Object]) -> JobOutcome:
    """Return what is known of a Job without asking the store."""
    mine = sorted(pods, key=lambda pod: pod["metadata"].get("creationTimestamp", ""))
    conditions = {
        c["type"]: c for c in job.get("status", {}).get("conditions", ()) if c["status"] == "True"
    }
    if "Complete" in conditions or "SuccessCriteriaMet" in conditions:
        return _succeeded(mine)
    if failed := conditions.get("Failed") or conditions.get("FailureTarget"):
        reason, message = _failure(mine, failed)
        return JobOutcome(state="Failed", reason=reason, message=message)
    return next(_kept(job, mine), JobOutcome(state="Active"))


def _succeeded(pods: list[Object]) -> JobOutcome:
    """Return the manifest that the newest believed step has named, or why it named none.

    A side-car's exit code does not fail its pod, so an upload that failed is found in its words.
    """
    words = [
        word
        for pod in pods
        if pod.get("status", {}).get("phase") == "Succeeded"
        for name, _, word in last_words(pod)
        if name in SPEAKERS and word
    ]
    if not words:
        return JobOutcome(state="Succeeded")
    word = words[-1]
    if isinstance(word, Success):
        return JobOutcome(state="Succeeded", manifest=word.digest)
    return JobOutcome(state="Failed", reason=word.reason, message=word.message)


def _failure(pods: list[Object], condition: Object) -> tuple[str, str]:
    """Return why the Job failed: a step's own words first, then the kubelet's, then the Job's.

    The upload always misses the model of a training that failed: it is heard last.
    """
    heard = [(pod, *each) for pod in reversed(pods) for each in last_words(pod)]
    causes = [each for each in heard if each[1] != FOLLOWER]
    if said := _said(causes):
        return said
    if condition.get("reason") == DEADLINE:
        return DEADLINE, LATE
    for pod, name, ended, _ in causes:
        if ended.get("exitCode"):
            return _ended(name, ended, pod)
    own = condition.get("reason", "JobFailed"), condition.get("message", "the Job failed")
    return _said(heard) or own


def _said(heard: Iterable[tuple[Object, str, Object, LastWord | None]]) -> tuple[str, str] | None:
    """Return the first reason that a step gave itself."""
    words = (word for *_, word in heard if word and word.reason)
    return next(((word.reason, word.message) for word in words), None)


def _ended(name: str, ended: Object, pod: Object) -> tuple[str, str]:
    """Return why a container ended that said nothing itself."""
    where, reason = _where(name, pod), ended.get("reason", "Error")
    if reason == KILLED:
        return KILLED, pod_failures.killed(where).message
    if reason == DEADLINE:
        return DEADLINE, f"{where}: {LATE}"
    said = ended.get("message", "").strip()[-SAID_LIMIT:]
    text = f"{where} ended with code {ended['exitCode']}: {said or 'see its log'}"
    return "ContainerFailed", text


def _kept(job: Object, pods: list[Object]) -> Iterator[JobOutcome]:
    """Yield what keeps an active Job, the newest pod's first."""
    started = job.get("status", {}).get("startTime")
    if not pods and started:
        yield _podless(job, started)
    for pod in reversed(pods):
        yield from _of_pod(pod)


def _of_pod(pod: Object) -> Iterator[JobOutcome]:
    born = pod["metadata"].get("creationTimestamp")
    for status in statuses(pod):
        found = pod_failures.stuck(status, _where(status["name"], pod))
        # A side-car that starts again says why in its termination message, which is read below.
        if found and found.reason != CRASHING:
            yield _active(found.reason, found.message, since=born)
    if refused := pod_failures.unschedulable(pod):
        yield _active(refused.reason, refused.message, since=born)
    for _, _, word in last_words(pod):
        if word and pod_failures.is_temporary(word):
            yield _active(word.reason, word.message, since=born)
    yield from _starting(pod)


def _starting(pod: Object) -> Iterator[JobOutcome]:
    """Yield the container whose turn it is, while it waits for its image or a volume."""
    since: str | None = pod.get("status", {}).get("startTime")
    for status in statuses(pod):
        waits = status.get("state", {}).get("waiting", {}).get("reason", "")
        if pod_failures.meaning(waits).reason == pod_failures.STARTING:
            yield _active(pod_failures.STARTING, _awaited(status, pod), since=since)
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
    """Return the containers that may go on while the next starts: side-cars and the pod's own."""
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
    return _active(pod_failures.PODLESS, message, since=since)


def _active(reason: str, message: str, *, since: str | None) -> JobOutcome:
    began = datetime.fromisoformat(since) if since else None
    return JobOutcome(state="Active", reason=reason, message=message, since=began)


def _where(name: str, pod: Object) -> str:
    return f"container {name} of pod {pod['metadata']['name']}"
