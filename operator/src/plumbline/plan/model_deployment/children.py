"""The children: what should be applied and what should go, from the status before and after a move.

Only roles that the stored status names already are carried out, and only children that no role
names any more are deleted. So whatever a crash leaves behind is either kept or cleaned up.
"""

from collections.abc import Iterator

from plumbline.api.objects import Manifest
from plumbline.api.plan import Deletion
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus, Served
from plumbline.plan.common.jobs import deletion
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.model_deployment.workload import find, identity_of
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import service as services


def applied(snapshot: ModelDeploymentSnapshot, after: ModelDeploymentStatus) -> Iterator[Manifest]:
    """Yield the children to keep: those of roles that stand both before and after the move."""
    deployment, before = snapshot.deployment, snapshot.deployment.status
    kept = {served.identity for served in _roles(after)}
    for served in _roles(before):
        if served.identity in kept:
            yield _deployment(snapshot, served)
    if before.stable:
        name = services.stable_name(deployment)
        yield services.service(deployment, name=name, identity=before.stable.identity)
    if (forwarded := _forwarded_to(before)) and forwarded == _forwarded_to(after):
        name = services.canary_name(deployment)
        yield services.service(deployment, name=name, identity=forwarded)
    if before.stable and deployment.spec.replicas > 1:
        yield services.disruption_budget(deployment)


def deleted(snapshot: ModelDeploymentSnapshot, after: ModelDeploymentStatus) -> Iterator[Deletion]:
    """Yield the children that no role names; never pods that clients are sent to."""
    kept = {served.identity for served in _roles(after)} | {view.selected_identity(snapshot)}
    for child in snapshot.deployments:
        if identity_of(child) not in kept:
            yield deletion(child)
    canary = find(snapshot.services, services.canary_name(snapshot.deployment))
    if canary and not _forwarded_to(after):
        yield deletion(canary)


def _roles(status: ModelDeploymentStatus) -> list[Served]:
    """Return what has pods, each identity once."""
    served = [each for each in (status.stable, status.canary, *status.retiring) if each]
    return list({each.identity: each for each in reversed(served)}.values())[::-1]


def _forwarded_to(status: ModelDeploymentStatus) -> str | None:
    """Return who answers what other pods forward: the canary, or the new stable one."""
    if status.stable is None:
        return None
    if status.canary:
        return status.canary.identity
    return status.stable.identity if status.retiring else None


def _deployment(snapshot: ModelDeploymentSnapshot, served: Served) -> Manifest:
    name = deployments.name_of(snapshot.deployment, served.identity)
    live = find(snapshot.deployments, name)
    return deployments.serving(snapshot.deployment, served, settings=snapshot.settings, live=live)
