"""The moves of a canary that answers: its share of the requests, step by step, and the promotion.

Only a Pass moves on; a canary without traffic stays where it is for as long as it takes.
"""

from datetime import timedelta

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, ModelDeploymentStatus
from plumbline.plan.common.status import changed, moment
from plumbline.plan.model_deployment import analysis as rollout_analysis
from plumbline.plan.model_deployment import steps as rollout
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.drain import leaving
from plumbline.plan.model_deployment.identity import as_served
from plumbline.plan.model_deployment.move import Move, move
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot


def take_over(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Promote without measuring: nothing serves yet, or the rollout has no steps."""
    status = snapshot.deployment.status
    if status.stable is not None and snapshot.deployment.spec.rollout.steps:
        return None
    return _promoted(snapshot) if _may_move(snapshot) else None


def weigh(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Give the canary the share of its step, at first or after the step was edited."""
    status = snapshot.deployment.status
    canary, steps = status.canary, snapshot.deployment.spec.rollout.steps
    if canary is None or not _may_move(snapshot):
        return None
    weight = rollout.weight_of(steps, canary.step)
    if weight == canary.weight:
        return None
    return _on_step(snapshot, canary, step=min(canary.step, len(steps) - 1))


def advance(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Go to the next step, or take over after the last one, once the step has passed."""
    status = snapshot.deployment.status
    canary, steps = status.canary, snapshot.deployment.spec.rollout.steps
    if canary is None or not _may_move(snapshot) or not _has_passed(snapshot, canary):
        return None
    if canary.step + 1 < len(steps):
        return _on_step(snapshot, canary, step=canary.step + 1)
    return _promoted(snapshot)


def counted(snapshot: ModelDeploymentSnapshot) -> ModelDeploymentStatus:
    """Return the status with the canary's counts, rounded so that it changes rarely."""
    status, canary = snapshot.deployment.status, snapshot.deployment.status.canary
    if canary is None or not canary.weight:
        return status
    look = rollout_analysis.look(snapshot, canary)
    if look is None:
        return status
    requests = rollout.rounded_down(look.requests)
    if (canary.requests, canary.verdict) == (requests, look.verdict) and canary.message:
        return status
    news = {"requests": requests, "verdict": look.verdict, "message": look.message}
    return changed(status, canary=changed(canary, **news))


def _may_move(snapshot: ModelDeploymentSnapshot) -> bool:
    return view.canary_available(snapshot) and not view.is_held(snapshot)


def _has_passed(snapshot: ModelDeploymentSnapshot, canary: Canary) -> bool:
    steps = snapshot.deployment.spec.rollout.steps
    pause = timedelta(seconds=rollout.pause_of(steps, canary.step))
    if canary.step_since is None or snapshot.now < canary.step_since + pause:
        return False
    if rollout.token(canary) not in snapshot.traffic.routed:
        return False
    look = rollout_analysis.look(snapshot, canary)
    return look is not None and look.verdict == "Pass"


def _on_step(snapshot: ModelDeploymentSnapshot, canary: Canary, *, step: int) -> Move:
    steps, now = snapshot.deployment.spec.rollout.steps, moment(snapshot.now)
    weight = rollout.weight_of(steps, step)
    fresh = {"step": step, "weight": weight, "step_since": now}
    fresh |= {"requests": 0, "verdict": "Inconclusive", "message": ""}
    return move(
        snapshot.deployment.status,
        reason=Reason.STEP_STARTED,
        message=f"run {canary.run} answers {weight} % of the requests, "
        f"step {step + 1} of {len(steps)}",
        canary=changed(canary, **fresh),
    )


def _promoted(snapshot: ModelDeploymentSnapshot) -> Move | None:
    status, now = snapshot.deployment.status, moment(snapshot.now)
    if status.canary is None:
        return None
    before = [leaving(status.stable)] if status.stable else []
    return move(
        status,
        reason=Reason.PROMOTED,
        message=f"run {status.canary.run} takes all requests",
        stable=changed(as_served(status.canary), since=now),
        canary=None,
        retiring=[*before, *status.retiring],
    )
