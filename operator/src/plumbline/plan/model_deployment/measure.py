"""What the pods have counted of a canary's step: its share, its counts, and the verdict on them.

A verdict passes only when everything asked for has been shown; until then the step goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import (
    Analysis,
    Canary,
    ModelDeploymentStatus,
    RolloutStep,
)
from plumbline.live.observations import Arm
from plumbline.plan.common.conditions import changed
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.stats.rollout import ALPHA, ArmCounts, compare, error_chance


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnalysis:
    """The counts of a step, judged.

    Attributes:
        verdict: Pass only when everything asked for has been shown.
        reason: CamelCase word for a Fail.
        message: the numbers behind the verdict, or how many requests are still needed.
        requests: requests that the canary got on this step.
        errors: how many of them it failed.
    """

    verdict: Literal["Pass", "Fail", "Inconclusive"]
    reason: str
    message: str
    requests: int
    errors: int


def routing_id(canary: Canary) -> str:
    """Return the name under which the pods count this step of this attempt.

    The attempt is part of it: pods remember what they have counted, and a canary that is tried
    again must not be judged by its first attempt.
    """
    begun = int(canary.since.timestamp()) if canary.since else 0
    return f"{canary.identity}/{canary.step}/{begun}"


def weight_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the share of a step in percent; the last one's beyond the end."""
    return steps[min(step, len(steps) - 1)].weight if steps else 0


def analysis(snapshot: ModelDeploymentSnapshot, canary: Canary) -> StepAnalysis | None:
    """Return the verdict on the canary's step; None while no pod has counted any of it."""
    arms = snapshot.traffic.arms.get(routing_id(canary))
    if arms is None:
        return None
    wanted = snapshot.deployment.spec.rollout.analysis
    verdict = compare(
        _counts(arms[0]),
        _counts(arms[1]),
        bounds=snapshot.traffic.latency_bounds,
        min_requests=wanted.min_requests,
        max_error_rate=wanted.max_error_rate,
        max_latency_ratio=wanted.max_latency_ratio,
    )
    return StepAnalysis(
        verdict=verdict.verdict,
        reason=_reason(arms[1], wanted) if verdict.verdict == "Fail" else "",
        message=verdict.message,
        requests=arms[1].requests,
        errors=arms[1].errors,
    )


def has_passed(snapshot: ModelDeploymentSnapshot, canary: Canary) -> bool:
    """Return whether the canary may leave its step: long enough, routed by all pods, and passed."""
    steps = snapshot.deployment.spec.rollout.steps
    pause = timedelta(seconds=_pause_of(steps, canary.step))
    if canary.step_since is None or snapshot.now < canary.step_since + pause:
        return False
    if routing_id(canary) not in snapshot.traffic.routed:
        return False
    found = analysis(snapshot, canary)
    return found is not None and found.verdict == "Pass"


def counted(snapshot: ModelDeploymentSnapshot) -> ModelDeploymentStatus:
    """Return the status with the canary's counts, rounded so that it changes rarely."""
    status, canary = snapshot.deployment.status, snapshot.deployment.status.canary
    if canary is None or not canary.weight:
        return status
    found = analysis(snapshot, canary)
    if found is None:
        return status
    requests = _rounded_down(found.requests)
    if (canary.requests, canary.verdict) == (requests, found.verdict) and canary.message:
        return status
    news = {"requests": requests, "verdict": found.verdict, "message": found.message}
    return changed(status, canary=changed(canary, **news))


def _pause_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the shortest time on a step in seconds."""
    return steps[min(step, len(steps) - 1)].pause_seconds if steps else 0


def _rounded_down(number: int) -> int:
    """Return the number with two digits, the rest zero: 1,279 is 1,200."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return number // unit * unit


def _reason(canary: Arm, wanted: Analysis) -> str:
    """Return which of the two limits a failing canary has missed."""
    chance = error_chance(canary.errors, canary.requests, wanted.max_error_rate)
    return Reason.ERROR_RATE_TOO_HIGH if chance < ALPHA else Reason.LATENCY_TOO_HIGH


def _counts(arm: Arm) -> ArmCounts:
    return ArmCounts(requests=arm.requests, errors=arm.errors, latency=arm.latency)
