"""What a snapshot means for a rollout: pods under way, time left, and whether somebody holds it."""

from datetime import datetime, timedelta

from plumbline.plan.model_deployment import pods as rollout_pods
from plumbline.plan.model_deployment import workload as rollout_live
from plumbline.plan.model_deployment.pods import Trouble
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services


def is_held(snapshot: ModelDeploymentSnapshot) -> bool:
    """Tell whether somebody holds rollouts where they are."""
    return snapshot.deployment.spec.suspend


def pods_of(snapshot: ModelDeploymentSnapshot, identity: str) -> rollout_live.Pods:
    """Return how the pods of an identity stand."""
    name = deployments.name_of(snapshot.deployment, identity)
    live = rollout_live.find(snapshot.deployments, name)
    return rollout_live.pods_of(live, wanted=snapshot.deployment.spec.replicas)


def canary_available(snapshot: ModelDeploymentSnapshot) -> bool:
    """Tell whether all pods of the canary answer."""
    canary = snapshot.deployment.status.canary
    return canary is not None and pods_of(snapshot, canary.identity).available


def canary_trouble(snapshot: ModelDeploymentSnapshot) -> Trouble | None:
    """Return what keeps the canary's pods from getting ready."""
    canary = snapshot.deployment.status.canary
    return trouble(snapshot, canary.identity) if canary else None


def trouble(snapshot: ModelDeploymentSnapshot, identity: str) -> Trouble | None:
    """Return what keeps the pods of an identity from getting ready."""
    name = deployments.name_of(snapshot.deployment, identity)
    live = rollout_live.find(snapshot.deployments, name)
    return rollout_pods.trouble(snapshot.pods, identity) or rollout_pods.refusal(live)


def deadline(snapshot: ModelDeploymentSnapshot) -> datetime | None:
    """Return when the canary's pods must be ready."""
    canary = snapshot.deployment.status.canary
    if canary is None or canary.since is None:
        return None
    begun = rollout_pods.resumed(snapshot.pods, canary.identity) or canary.since
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    return max(begun, canary.since) + timedelta(seconds=seconds)


def is_overdue(snapshot: ModelDeploymentSnapshot) -> bool:
    """Tell whether the canary's pods have had their time to get ready."""
    due = deadline(snapshot)
    return due is not None and snapshot.now >= due


def selected_identity(snapshot: ModelDeploymentSnapshot) -> str:
    """Return the identity that the Service sends clients to right now."""
    name = services.stable_name(snapshot.deployment)
    return rollout_live.selected_identity(rollout_live.find(snapshot.services, name))
