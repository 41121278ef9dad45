"""The plan of a ModelDeployment: serve the best accepted model, change it by a measured rollout.

`rules/rollout_choice` says what should serve, `decide` which move comes next, `children` what that
needs, `conditions` what to tell.
"""

from datetime import datetime, timedelta

from plumbline.api.objects import Manifest
from plumbline.api.plan import Plan
from plumbline.api.reasons import ModelDeploymentReason
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus
from plumbline.plan.common.status import changed, still, whole
from plumbline.plan.model_deployment import children, view
from plumbline.plan.model_deployment.choice import Choice, choose
from plumbline.plan.model_deployment.conditions import conditions
from plumbline.plan.model_deployment.decide import decide
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services

__all__ = ["plan"]

LOOK_AGAIN = timedelta(seconds=1)


def plan(snapshot: ModelDeploymentSnapshot) -> Plan:
    """Return what should be true of a ModelDeployment and its children."""
    if snapshot.deployment.metadata.deletion_timestamp:
        return Plan()
    choice = choose(snapshot)
    move = decide(snapshot, choice)
    after = _observed(snapshot, move.status)
    return Plan(
        apply=tuple(children.applied(snapshot, after)),
        status=_status(snapshot, choice, after),
        delete=tuple(children.deleted(snapshot, after)),
        events=move.events,
        requeue_at=_next_look(snapshot, after),
    )


def _observed(
    snapshot: ModelDeploymentSnapshot, status: ModelDeploymentStatus
) -> ModelDeploymentStatus:
    """Return the status with what is seen of the stable pods."""
    identity = status.stable.identity if status.stable else ""
    pods = view.pods_of(snapshot, identity)
    chosen = deployments.selector(snapshot.deployment, identity) if identity else {}
    seen: dict[str, object] = {
        "replicas": pods.made,
        "ready_replicas": pods.ready,
        "selector": ",".join(f"{name}={value}" for name, value in sorted(chosen.items())),
        "url": services.url(snapshot.deployment) if identity else "",
    }
    return changed(status, **seen)


def _status(
    snapshot: ModelDeploymentSnapshot, choice: Choice, after: ModelDeploymentStatus
) -> dict[str, object]:
    generation = snapshot.deployment.metadata.generation
    found = conditions(snapshot, choice, after)
    told = [_steady(each, snapshot) for each in found]
    return whole(after, generation=generation, conditions=told)


def _steady(found: Manifest, snapshot: ModelDeploymentSnapshot) -> Manifest:
    """Keep a kubelet's first words about a trouble: it says the same in many ways."""
    if found["reason"] in set(ModelDeploymentReason):
        return found
    status, generation = snapshot.deployment.status, snapshot.deployment.metadata.generation
    return still([found], status, generation=generation)[0]


def _next_look(snapshot: ModelDeploymentSnapshot, after: ModelDeploymentStatus) -> datetime | None:
    """Return when time alone may change something."""
    before = snapshot.deployment.status
    if after.retiring or (after.canary and after.canary.weight):
        return snapshot.now + LOOK_AGAIN
    if (after.stable, after.canary) != (before.stable, before.canary):
        return snapshot.now + LOOK_AGAIN
    due = view.deadline(snapshot)
    return due if after.canary and due and due > snapshot.now else None
