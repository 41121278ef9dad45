"""The outcome of a Job, read from its status and its pods; the store adds the manifest.

A step's last word counts first (`contract/last_words.py`). The reasons of Kubernetes (OOMKilled,
ImagePullBackOff) count where a step could not write one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from plumbline.api.objects import Manifest
from plumbline.api.sentences import clause, sentence
from plumbline.contract import layout
from plumbline.contract.last_words import INTERNAL_ERROR, TEMPORARY, Failure, LastWord, Success
from plumbline.plan.common import pod_failures
from plumbline.plan.common.pod_failures import CRASHING, OOM_KILLED, last_words, statuses

DEADLINE = "DeadlineExceeded"
# A pod, the name of a container that ended, its terminated state, and its last word.
Word = tuple[Manifest, str, Manifest, LastWord | None]
SAID_LIMIT = 400

# Our steps whose last word has the digest of a manifest; a user's container must not name one.
RESULT_STEPS = {layout.PROFILE, layout.UPLOAD, layout.JUDGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What is known about one Job, from its status, its pods' messages and the store.

    Attributes:
        state: Active while it may still succeed.
        reason: CamelCase word when the Job failed or cannot start, such as OOMKilled.
        message: what is wrong, where, and what to do.
        temporary: whether another Job may succeed although nobody fixes anything; None if no step
            said it.
        since: when the problem of an active Job began, if that is known.
        manifest: digest of the manifest that the Job wrote, if it wrote one.
        record: content of that manifest, read from the store and verified.
    """

    state: Literal["Active", "Succeeded", "Failed"]
    reason: str = ""
    message: str = ""
    temporary: bool | None = None
    since: datetime | None = None
    manifest: str | None = None
    record: Manifest | None = None


def of_job(job: Manifest, pods: Iterable[Manifest]) -> JobOutcome:
    """Return what is known about a Job without reading the store."""
    in_order = sorted(pods, key=lambda pod: pod["metadata"].get("creationTimestamp", ""))
    conditions = {
        c["type"]: c for c in job.get("status", {}).get("conditions", ()) if c["status"] == "True"
    }
    # SuccessCriteriaMet and FailureTarget are there as soon as the result is certain, Complete and
    # Failed only when the last pod has ended.
    if "Complete" in conditions or "SuccessCriteriaMet" in conditions:
        return _succeeded(in_order)
    if failed := conditions.get("Failed") or conditions.get("FailureTarget"):
        return _failure(job, in_order, failed)
    return next(_delays(job, in_order), JobOutcome(state="Active"))


def _succeeded(pods: list[Manifest]) -> JobOutcome:
    """Return the manifest that the newest of our steps named, or why it named none.

    A sidecar's exit code does not fail its pod, so a failed upload is found by its last word.
    """
    words = [
        (word, ended)
        for pod in pods
        if pod.get("status", {}).get("phase") == "Succeeded"
        for name, ended, word in last_words(pod)
        if name in RESULT_STEPS and word
    ]
    if not words:
        return JobOutcome(state="Succeeded")
    word, ended = words[-1]
    if isinstance(word, Success):
        return JobOutcome(state="Succeeded", manifest=word.digest)
    return _reported(word, ended)


def _failure(job: Manifest, pods: list[Manifest], condition: Manifest) -> JobOutcome:
    """Return why the Job failed: by a step's last word, else by the kubelet, else by the Job.

    The upload of a failed training only reports that there is no model: it counts last.
    """
    words = [(pod, *each) for pod in reversed(pods) for each in last_words(pod)]
    causes = _causes([each for each in words if each[1] != layout.UPLOAD], condition)
    if reported := _first_reported(causes):
        return reported
    if condition.get("reason") == DEADLINE:
        return _failed(DEADLINE, _deadline_text(job))
    for pod, name, ended, _ in causes:
        if ended.get("exitCode"):
            return _failed(*_unreported_end(name, ended, pod, job))
    unknown = _failed(condition.get("reason", "JobFailed"), _failed_text(job, condition))
    return _first_reported(words) or unknown


def _causes(words: list[Word], condition: Manifest) -> list[Word]:
    """Leave out the temporary failures of pods that the Job replaced: they did not end it.

    They may have used up its time, though.
    """
    if condition.get("reason") == DEADLINE:
        return words
    last = next((pod for pod, _, ended, _ in words if ended.get("exitCode")), None)
    return [each for each in words if each[0] is last or each[2].get("exitCode") != TEMPORARY]


def _failed(reason: str, message: str) -> JobOutcome:
    return JobOutcome(state="Failed", reason=reason, message=message)


def _failed_text(job: Manifest, condition: Manifest) -> str:
    """Return what Kubernetes says about a failed Job, and where to look."""
    name, said = job["metadata"]["name"], clause(condition.get("message", ""))
    return f"Job {name} failed{said and ': '}{said}. Run kubectl describe job {name} for details."


def _deadline_text(job: Manifest) -> str:
    seconds = job.get("spec", {}).get("activeDeadlineSeconds")
    limit = f" ({seconds} s)" if seconds else ""
    return (
        f"Job {job['metadata']['name']} took longer than spec.activeDeadlineSeconds{limit}. Allow "
        f"more time or train on fewer rows."
    )


def _first_reported(words: Iterable[Word]) -> JobOutcome | None:
    """Return the failure that the first step with a reason reported."""
    found = (_reported(word, ended) for *_, ended, word in words if word and word.reason)
    return next(found, None)


def _reported(word: LastWord, ended: Manifest) -> JobOutcome:
    """Return the failure that a step reported.

    After an unexpected error the Job has tried again by itself, as often as it may.
    """
    said = word.temporary if isinstance(word, Failure) else None
    temporary = None if ended.get("exitCode") == INTERNAL_ERROR else said
    return replace(_failed(word.reason, word.message), temporary=temporary)


def _unreported_end(name: str, ended: Manifest, pod: Manifest, job: Manifest) -> tuple[str, str]:
    """Return reason and message of a container that ended without a last word."""
    where, reason = _where(name, pod), ended.get("reason", "Error")
    if reason == OOM_KILLED:
        return OOM_KILLED, pod_failures.out_of_memory(where, name, pod).message
    if reason == DEADLINE:
        return DEADLINE, f"{where} was stopped. {_deadline_text(job)}"
    said = ended.get("message", "").strip()[-SAID_LIMIT:]  # an error is at the end of a log
    text = f"{where} ended with code {ended['exitCode']}"
    remedy = f"Run kubectl logs {pod['metadata']['name']} -c {name} for details."
    return "ContainerFailed", f"{text}: {sentence(said)}" if said else f"{text}. {remedy}"


def _delays(job: Manifest, pods: list[Manifest]) -> Iterator[JobOutcome]:
    """Yield what delays an active Job; first the newest pod, which is the current try."""
    started = job.get("status", {}).get("startTime")
    if not pods and started:
        yield _without_pods(job, started)
    for pod in reversed(pods):
        yield from _delays_of_pod(pod)


def _delays_of_pod(pod: Manifest) -> Iterator[JobOutcome]:
    created = pod["metadata"].get("creationTimestamp")
    for status in statuses(pod):
        found = pod_failures.why_waiting(status, _where(status["name"], pod))
        # A sidecar that restarts says why in its termination message, which is read below.
        if found and found.reason != CRASHING:
            yield _active(found.reason, found.message, since=created)
    if refused := pod_failures.unschedulable(pod, f"Pod {pod['metadata']['name']}"):
        yield _active(refused.reason, refused.message, since=created)
    for _, _, word in last_words(pod):
        if word and pod_failures.is_temporary(word):
            yield _active(word.reason, word.message, since=created)
    yield from _starting(pod)


def _starting(pod: Manifest) -> Iterator[JobOutcome]:
    """Yield the container that starts next, while it waits for its image or a volume.

    Containers start one after the other, so only the first that has not started can wait for its
    image or a volume. It has waited since the container before it ended, or started if that is a
    sidecar.
    """
    since = pod.get("status", {}).get("startTime")
    for status in statuses(pod):
        waits = status.get("state", {}).get("waiting", {}).get("reason", "")
        if pod_failures.pod_reason(waits).reason == pod_failures.CONTAINER_CREATING:
            yield _active(pod_failures.CONTAINER_CREATING, _image_text(status, pod), since=since)
            return
        since = _next_could_start(status, pod)
        if since is None:
            return


def _next_could_start(status: Manifest, pod: Manifest) -> str | None:
    """Return when the next container could start; None while this one delays it."""
    state = status.get("state", {})
    if "terminated" in state:
        return str(state["terminated"].get("finishedAt", ""))
    if "running" in state and status["name"] in _beside(pod) and status.get("started"):
        return str(state["running"].get("startedAt", ""))
    return None


def _beside(pod: Manifest) -> set[str]:
    """Return the containers that run beside the next: sidecars and the pod's main containers."""
    spec = pod.get("spec", {})
    sidecars = (c for c in spec.get("initContainers", ()) if c.get("restartPolicy") == "Always")
    return {each["name"] for each in (*sidecars, *spec.get("containers", ()))}


def _image_text(status: Manifest, pod: Manifest) -> str:
    name = pod["metadata"]["name"]
    return (
        f"{_where(status['name'], pod)} waits for its image {status.get('image', '')} or a volume. "
        f"Run kubectl describe pod {name} for details."
    )


def _without_pods(job: Manifest, since: str) -> JobOutcome:
    name = job["metadata"]["name"]
    message = (
        f"Job {name} has no pod. The namespace's quota may be used up, or a policy refuses its "
        f"pods. Run kubectl describe job {name} for details. The Job continues when a pod can be "
        f"created."
    )
    return _active(pod_failures.PODLESS, message, since=since)


def _active(reason: str, message: str, *, since: str | None) -> JobOutcome:
    began = datetime.fromisoformat(since) if since else None
    return JobOutcome(state="Active", reason=reason, message=message, since=began)


def _where(name: str, pod: Manifest) -> str:
    return f"Container {name} of pod {pod['metadata']['name']}"
