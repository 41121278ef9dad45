"""The moves that begin a rollout, replace it with a newer one, or call it off.

One thing moves at a time: while pods that served before still drain, nothing new begins. A held
deployment keeps its canary where it is.
"""

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, Served
from plumbline.plan.common.status import moment
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.move import Move, move
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.model_deployment.view import is_held


def cancel(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Let the canary go when what serves should go on serving."""
    status, target = snapshot.deployment.status, choice.target
    if status.canary is None or is_held(snapshot) or _is_new(target, status.stable):
        return None
    message = f"run {status.canary.run} is no longer wanted, its pods go"
    return move(status, reason=Reason.ROLLOUT_CANCELLED, message=message, canary=None)


def start(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Begin with the target when nothing is under way."""
    status, target = snapshot.deployment.status, choice.target
    if target is None or not _is_new(target, status.stable):
        return None
    if status.canary or status.retiring or is_held(snapshot):
        return None
    return _begin(snapshot, target, f"run {target.run} (data revision {target.revision}) starts")


def supersede(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Drop the canary for a target that should serve rather than it."""
    canary, target = snapshot.deployment.status.canary, choice.target
    if canary is None or target is None or target.identity == canary.identity:
        return None
    if is_held(snapshot):
        return None
    return _begin(snapshot, target, f"run {target.run} takes the place of run {canary.run}")


def _is_new(target: Served | None, stable: Served | None) -> bool:
    return target is not None and (stable is None or target.identity != stable.identity)


def _begin(snapshot: ModelDeploymentSnapshot, target: Served, message: str) -> Move:
    canary = Canary.model_validate({**target.model_dump(), "since": moment(snapshot.now)})
    status = snapshot.deployment.status
    return move(status, reason=Reason.ROLLOUT_STARTED, message=message, canary=canary)
