"""What the children of a ModelDeployment are doing right now, by the identity that they serve."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.api import names
from plumbline.api.objects import Manifest, is_leaving
from plumbline.plan.model_deployment import pods as pod_failures
from plumbline.plan.model_deployment.pods import Trouble
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """How many pods of an identity there are.

    Attributes:
        wanted: pods that should be.
        made: pods that are.
        ready: pods that answer.
        available: whether all that should be are up to date and answer.
    """

    wanted: int = 0
    made: int = 0
    ready: int = 0
    available: bool = False


def identity_of(child: Manifest) -> str:
    """Return the identity that a live Deployment or pod is of."""
    return str(child["metadata"].get("labels", {}).get(names.IDENTITY_LABEL, ""))


def find(children: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live child of this name, unless it is on its way out."""
    return next((c for c in children if c["metadata"]["name"] == name and not is_leaving(c)), None)


def pods_of(snapshot: ModelDeploymentSnapshot, identity: str) -> Pods:
    """Return how the pods of an identity stand; without a Deployment it has none."""
    live, wanted = _deployment(snapshot, identity), snapshot.deployment.spec.replicas
    if live is None:
        return Pods(wanted=wanted)
    status = live.get("status", {})
    return Pods(
        wanted=wanted,
        made=int(status.get("replicas", 0)),
        ready=int(status.get("readyReplicas", 0)),
        available=_is_seen(live, wanted) and _all_answer(status, wanted),
    )


def trouble(snapshot: ModelDeploymentSnapshot, identity: str) -> Trouble | None:
    """Return what keeps the pods of an identity from getting ready."""
    live = _deployment(snapshot, identity)
    return pod_failures.trouble(snapshot.pods, identity) or pod_failures.refusal(live)


def canary_available(snapshot: ModelDeploymentSnapshot) -> bool:
    """Tell whether all pods of the canary answer."""
    canary = snapshot.deployment.status.canary
    return canary is not None and pods_of(snapshot, canary.identity).available


def canary_trouble(snapshot: ModelDeploymentSnapshot) -> Trouble | None:
    """Return what keeps the canary's pods from getting ready."""
    canary = snapshot.deployment.status.canary
    return trouble(snapshot, canary.identity) if canary else None


def deadline(snapshot: ModelDeploymentSnapshot) -> datetime | None:
    """Return when the canary's pods must be ready."""
    canary = snapshot.deployment.status.canary
    if canary is None or canary.since is None:
        return None
    begun = pod_failures.resumed(snapshot.pods, canary.identity) or canary.since
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    return max(begun, canary.since) + timedelta(seconds=seconds)


def is_overdue(snapshot: ModelDeploymentSnapshot) -> bool:
    """Tell whether the canary's pods have had their time to get ready."""
    due = deadline(snapshot)
    return due is not None and snapshot.now >= due


def selected_identity(snapshot: ModelDeploymentSnapshot) -> str:
    """Return the identity that the Service sends clients to right now."""
    service = find(snapshot.services, services.stable_name(snapshot.deployment)) or {}
    chosen = service.get("spec", {}).get("selector", {})
    return str(chosen.get(names.IDENTITY_LABEL, ""))


def _deployment(snapshot: ModelDeploymentSnapshot, identity: str) -> Manifest | None:
    name = deployments.name_of(snapshot.deployment, identity)
    return find(snapshot.deployments, name)


def _is_seen(deployment: Manifest, wanted: int) -> bool:
    """Tell whether the status is about the spec as it is now, and the spec as it should be."""
    seen = deployment.get("status", {}).get("observedGeneration", 0)
    generation = deployment["metadata"].get("generation", 0)
    return bool(seen >= generation and deployment.get("spec", {}).get("replicas") == wanted)


def _all_answer(status: Manifest, wanted: int) -> bool:
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return bool(updated >= wanted and available >= wanted)
