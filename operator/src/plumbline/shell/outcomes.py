"""What a Job has come to: read from its status, its pods' last words, and the store.

A step's last word comes first (`contract/last_words.py`). Kubernetes' own words (OOMKilled,
ImagePullBackOff) fill in where a step could not speak for itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.contract import layout
from plumbline.contract.last_words import LastWord, Success
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.shell import trouble
from plumbline.shell.pods import last_words

Object = Mapping[str, Any]

EXPLAINED = {
    "OOMKilled": "the container used more memory than its limit: raise resources.memory",
    "DeadlineExceeded": "the Job took longer than activeDeadlineSeconds: raise it or train on less",
}

# Steps of ours that end with the digest of a manifest; a user's container is not believed.
SPEAKERS = {layout.PROFILE, layout.UPLOAD, layout.JUDGE}
# The step that begins when another of its pod has ended, however that went.
FOLLOWER = layout.UPLOAD


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
    return trouble.of_job(job, mine)


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
    if condition.get("reason") in EXPLAINED:
        return condition["reason"], EXPLAINED[condition["reason"]]
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
    reason = ended.get("reason", "Error")
    where = f"container {name} of pod {pod['metadata']['name']}"
    if reason in EXPLAINED:
        return reason, f"{where}: {EXPLAINED[reason]}"
    said = ended.get("message", "").strip()[-400:]
    text = f"{where} ended with code {ended['exitCode']}: {said or 'see its log'}"
    return "ContainerFailed", text
