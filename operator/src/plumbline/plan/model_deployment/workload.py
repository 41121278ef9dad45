"""The current state of the children of a ModelDeployment, by the identity that they serve.

Why pods are not ready is read from the termination message of our `fetch` step first, then from the
kubelet and the scheduler, which know less.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.api import names
from plumbline.api.objects import Manifest, is_leaving
from plumbline.api.sentences import sentence
from plumbline.contract import last_words
from plumbline.contract.last_words import Failure, LastWord
from plumbline.plan.common import pod_failures
from plumbline.plan.common.pod_failures import PodFailure, Prospect, statuses
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """The number of pods of an identity.

    Attributes:
        wanted: pods that should exist.
        existing: pods that exist.
        ready: pods that are ready.
        available: whether all wanted pods are up to date and available.
    """

    wanted: int = 0
    existing: int = 0
    ready: int = 0
    available: bool = False


def identity_of(child: Manifest) -> str:
    """Return the identity of a live Deployment or pod."""
    return str(child["metadata"].get("labels", {}).get(names.IDENTITY_LABEL, ""))


def find(children: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live child of this name, unless it is being deleted."""
    return next((c for c in children if c["metadata"]["name"] == name and not is_leaving(c)), None)


def pods_of(snapshot: ModelDeploymentSnapshot, identity: str) -> Pods:
    """Return the number of pods of an identity; without a Deployment it has none."""
    live, wanted = _deployment(snapshot, identity), snapshot.deployment.spec.replicas
    if live is None:
        return Pods(wanted=wanted)
    status = live.get("status", {})
    return Pods(
        wanted=wanted,
        existing=int(status.get("replicas", 0)),
        ready=int(status.get("readyReplicas", 0)),
        available=_is_current(live, wanted) and _all_available(status, wanted),
    )


def trouble(snapshot: ModelDeploymentSnapshot, identity: str) -> PodFailure | None:
    """Return why pods of an identity are not ready, or None."""
    # The oldest pod has had most time to show what is wrong with all of them. The pods of a Job are
    # tries one after the other, so there the newest counts.
    found = next((found for pod in _pods(snapshot, identity) if (found := _of_pod(pod))), None)
    return found or pods_refused(_deployment(snapshot, identity))


def pods_refused(deployment: Manifest | None) -> PodFailure | None:
    """Return why the cluster creates no pods for a live Deployment, or None."""
    for found in (deployment or {}).get("status", {}).get("conditions", ()):
        if found["type"] == "ReplicaFailure" and found["status"] == "True":
            return pod_failures.creation_refused(found.get("message", ""))
    return None


def canary_available(snapshot: ModelDeploymentSnapshot) -> bool:
    """Return whether all pods of the canary are available."""
    canary = snapshot.deployment.status.canary
    return canary is not None and pods_of(snapshot, canary.identity).available


def canary_trouble(snapshot: ModelDeploymentSnapshot) -> PodFailure | None:
    """Return why the canary's pods are not ready, or None."""
    canary = snapshot.deployment.status.canary
    return trouble(snapshot, canary.identity) if canary else None


def deadline(snapshot: ModelDeploymentSnapshot) -> datetime | None:
    """Return when the canary's pods must be ready."""
    canary = snapshot.deployment.status.canary
    if canary is None or canary.since is None:
        return None
    # The pods of an earlier try may have recovered long before this canary began.
    begun = _recovered_at(snapshot, canary.identity) or canary.since
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    return max(begun, canary.since) + timedelta(seconds=seconds)


def is_overdue(snapshot: ModelDeploymentSnapshot) -> bool:
    """Return whether the canary's pods have exceeded their deadline."""
    due = deadline(snapshot)
    return due is not None and snapshot.now >= due


def selected_identity(snapshot: ModelDeploymentSnapshot) -> str:
    """Return the identity that the Service selects now."""
    service = find(snapshot.services, services.stable_name(snapshot.deployment)) or {}
    chosen = service.get("spec", {}).get("selector", {})
    return str(chosen.get(names.IDENTITY_LABEL, ""))


def _deployment(snapshot: ModelDeploymentSnapshot, identity: str) -> Manifest | None:
    name = deployments.name_of(snapshot.deployment, identity)
    return find(snapshot.deployments, name)


def _is_current(deployment: Manifest, wanted: int) -> bool:
    """Return whether the status is current, and the spec has the wanted number of replicas."""
    # Until the Deployment controller has seen a change, the status counts the pods before it.
    seen = deployment.get("status", {}).get("observedGeneration", 0)
    generation = deployment["metadata"].get("generation", 0)
    return bool(seen >= generation and deployment.get("spec", {}).get("replicas") == wanted)


def _all_available(status: Manifest, wanted: int) -> bool:
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return bool(updated >= wanted and available >= wanted)


def _pods(snapshot: ModelDeploymentSnapshot, identity: str) -> list[Manifest]:
    """Return the pods of one identity that are not being deleted, the oldest first."""
    mine = [pod for pod in snapshot.pods if identity_of(pod) == identity and not is_leaving(pod)]
    return sorted(mine, key=lambda pod: _creation_order(pod["metadata"]))


def _creation_order(metadata: Manifest) -> tuple[str, str]:
    return metadata.get("creationTimestamp", ""), metadata["name"]


def _recovered_at(snapshot: ModelDeploymentSnapshot, identity: str) -> datetime | None:
    """Return when a step last succeeded after temporary failures, such as an unavailable store.

    The model did not cause that delay, so the deadline of its pods begins at that time.
    """
    times = [
        datetime.fromisoformat(ended["finishedAt"])
        for pod in _pods(snapshot, identity)
        for status in statuses(pod)
        if (ended := status.get("state", {}).get("terminated", {})).get("exitCode") == 0
        and ended.get("finishedAt")
        and _is_temporary(_last_end(status))
    ]
    return max(times, default=None)


def _of_pod(pod: Manifest) -> PodFailure | None:
    """Return why a pod is not ready, from the source that knows most."""
    if pod.get("status", {}).get("reason") == "Evicted":
        return None  # the ReplicaSet has replaced it already
    return next(_failures(pod), None)


def _failures(pod: Manifest) -> Iterator[PodFailure]:
    yield from _reported_by_steps(pod)
    for status, ended in _failed_containers(pod):
        if ended.get("reason") == pod_failures.OOM_KILLED:
            yield pod_failures.out_of_memory(_where(status), status["name"], pod)
    for status in statuses(pod):
        if found := pod_failures.why_waiting(status, _where(status)):
            yield found
    if unscheduled := pod_failures.unschedulable(pod, "A pod"):
        yield unscheduled


def _reported_by_steps(pod: Manifest) -> Iterator[PodFailure]:
    """Yield the last words of our containers that failed and have not started since.

    A user's own server may write anything. A temporary failure passes, however long that takes. A
    failure is final only if it says so: an unclear word must not reject a good model.
    """
    for status, ended in [*_failed_containers(pod), *_retried_containers(pod)]:
        word = last_words.read(ended.get("message", ""))
        if word and word.reason:
            text = f"{_where(status)}: {sentence(word.message or word.reason)}"
            yield PodFailure(reason=word.reason, message=text, prospect=_prospect(word))


def _prospect(word: LastWord) -> Prospect:
    if not isinstance(word, Failure) or word.temporary is None:
        return "Fixable"
    return "Passes" if word.temporary else "Final"


def _retried_containers(pod: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield containers that run again after a temporary failure, which may not have passed yet."""
    for status in statuses(pod):
        runs = "running" in status.get("state", {}) and not status.get("ready")
        if runs and _is_temporary(_last_end(status)):
            yield status, _last_end(status)


def _failed_containers(pod: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield containers that failed and are not running, with their terminated state."""
    for status in statuses(pod):
        state = status.get("state", {})
        if status.get("ready") or "running" in state:
            continue
        ended = state.get("terminated") or _last_end(status)
        if ended and ended.get("exitCode", 0) != 0:
            yield status, ended


def _is_temporary(ended: Manifest) -> bool:
    return pod_failures.is_temporary(last_words.read(ended.get("message", "")))


def _last_end(status: Manifest) -> Manifest:
    """Return how a container ended the last time."""
    found: Manifest = status.get("lastState", {}).get("terminated", {})
    return found


def _where(status: Manifest) -> str:
    """Return the container without its pod, since another pod may replace it."""
    return f"Container {status['name']}"
