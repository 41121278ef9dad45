"""The plan of a ModelDeployment: serve the newest accepted model, after a measured rollout.

`target` chooses the model that should serve, `transitions` the next step, `decisions` makes the
conditions. This module creates and deletes children. A model has a role: stable, canary or
draining. It gets pods only if its role is already in the stored status, and only children of models
without a role are deleted. So after a crash every child is either used or deleted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from plumbline.api.decision import Decision
from plumbline.api.objects import Manifest
from plumbline.api.plan import Deletion, Plan
from plumbline.api.v1alpha1.model_deployment import (
    ModelDeploymentReason,
    ModelDeploymentStatus,
    Served,
)
from plumbline.plan.common import conditions
from plumbline.plan.model_deployment import decisions, transitions, workload
from plumbline.plan.model_deployment import target as targets
from plumbline.plan.model_deployment.decisions import DeploymentState
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services

__all__ = ["plan"]

REQUEUE_AFTER = timedelta(seconds=1)


def plan(snapshot: ModelDeploymentSnapshot) -> Plan:
    """Return the plan for a ModelDeployment and its children."""
    if snapshot.deployment.metadata.deletion_timestamp:
        return Plan()  # the garbage collector deletes the children
    target = targets.choose(snapshot)
    transition = transitions.next_transition(snapshot, target.served)
    status = _observed(snapshot, transition.status)
    state = DeploymentState(snapshot=snapshot, target=target, status=status)
    availability, progress = decisions.availability(state), decisions.progress(state)
    return Plan(
        apply=tuple(_applied(snapshot, status)),
        status=_status(state, availability, progress),
        delete=tuple(_deleted(snapshot, status)),
        events=transition.events,
        requeue_at=_next_pass(snapshot, status),
        decisions=tuple(each for each in (transition.decision, availability, progress) if each),
    )


def _observed(
    snapshot: ModelDeploymentSnapshot, status: ModelDeploymentStatus
) -> ModelDeploymentStatus:
    """Return the status with the current numbers of the stable pods."""
    identity = status.stable.identity if status.stable else ""
    pods = workload.pods_of(snapshot, identity)
    chosen = deployments.selector(snapshot.deployment, identity) if identity else {}
    return conditions.changed(
        status,
        replicas=pods.existing,
        ready_replicas=pods.ready,
        selector=",".join(f"{name}={value}" for name, value in sorted(chosen.items())),
        url=services.url(snapshot.deployment) if identity else "",
    )


def _status(
    state: DeploymentState, availability: Decision, progress: Decision
) -> dict[str, object]:
    """Return the complete status; a rollout under way makes it Reconciling."""
    generation = state.snapshot.deployment.metadata.generation
    work = progress if progress.state == "Working" else None
    shown = [_steady(each, state) for each in conditions.of(availability, progress, work=work)]
    return conditions.full_status(state.status, generation=generation, conditions=shown)


def _steady(found: Manifest, state: DeploymentState) -> Manifest:
    """Return a condition; a kubelet's message stays as stored, because its words often change."""
    if found["reason"] in set(ModelDeploymentReason):
        return found
    deployment = state.snapshot.deployment
    generation = deployment.metadata.generation
    return conditions.keep_messages([found], deployment.status, generation=generation)[0]


def _next_pass(snapshot: ModelDeploymentSnapshot, new: ModelDeploymentStatus) -> datetime | None:
    """Return when the plan may change by time alone."""
    old = snapshot.deployment.status
    # A canary with a share is measured, and draining pods are removed in time.
    if new.retiring or (new.canary and new.canary.weight):
        return snapshot.now + REQUEUE_AFTER
    # A transition was decided: the next pass carries it out.
    if (new.stable, new.canary) != (old.stable, old.canary):
        return snapshot.now + REQUEUE_AFTER
    due = workload.deadline(snapshot)
    return due if new.canary and due and due > snapshot.now else None


def _applied(snapshot: ModelDeploymentSnapshot, new: ModelDeploymentStatus) -> Iterator[Manifest]:
    """Yield the children of the roles that exist before and after the transition."""
    deployment, old = snapshot.deployment, snapshot.deployment.status
    remaining = {served.identity for served in _roles(new)}
    for served in _roles(old):
        if served.identity in remaining:
            yield _deployment(snapshot, served)
    if old.stable:
        name = services.stable_name(deployment)
        yield services.service(deployment, name=name, identity=old.stable.identity)
    if (forwarded := _forwarded_to(old)) and forwarded == _forwarded_to(new):
        name = services.canary_name(deployment)
        yield services.service(deployment, name=name, identity=forwarded)
    # With one pod the budget would allow every eviction, as if there were none.
    if old.stable and deployment.spec.replicas > 1:
        yield services.disruption_budget(deployment)


def _deleted(snapshot: ModelDeploymentSnapshot, new: ModelDeploymentStatus) -> Iterator[Deletion]:
    """Yield the children without a role; never the pods that the Service selects."""
    used = {served.identity for served in _roles(new)} | {workload.selected_identity(snapshot)}
    for child in snapshot.deployments:
        if workload.identity_of(child) not in used:
            yield Deletion.of(child)
    canary = workload.find(snapshot.services, services.canary_name(snapshot.deployment))
    if canary and not _forwarded_to(new):
        yield Deletion.of(canary)


def _roles(status: ModelDeploymentStatus) -> list[Served]:
    """Return the models that have pods, each identity once."""
    found: dict[str, Served] = {}
    for served in (status.stable, status.canary, *status.retiring):
        # The first role of an identity counts.
        if served:
            found.setdefault(served.identity, served)
    return list(found.values())


def _forwarded_to(status: ModelDeploymentStatus) -> str | None:
    """Return the identity that receives forwarded requests: the canary, or the new stable model."""
    if status.stable is None:
        return None
    if status.canary:
        return status.canary.identity
    # Clients keep connections to pods that drain; these forward all requests to the new ones.
    return status.stable.identity if status.retiring else None


def _deployment(snapshot: ModelDeploymentSnapshot, served: Served) -> Manifest:
    name = deployments.name_of(snapshot.deployment, served.identity)
    live = workload.find(snapshot.deployments, name)
    return deployments.serving_deployment(
        snapshot.deployment, served, settings=snapshot.settings, live=live
    )
