"""The measurement of a canary's step: its share, the counts of the pods, and the result.

A step passes only when every limit of the spec is shown to be met; until then it continues.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from plumbline.api.v1alpha1.model_deployment import (
    Analysis,
    Baseline,
    Canary,
    ModelDeploymentStatus,
    RolloutStep,
)
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentReason as Reason
from plumbline.live.observations import Arm, Arms
from plumbline.plan.common.conditions import changed
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.stats import rollout
from plumbline.stats.predictions import Predictions
from plumbline.stats.rollout import ArmCounts, Comparison, Limits, stable_latency

# The reason of a rollback, by the limit that is exceeded.
REASONS = {
    "errors": Reason.ERROR_RATE_TOO_HIGH,
    "latency": Reason.LATENCY_TOO_HIGH,
    "predictions": Reason.PREDICTIONS_SHIFTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnalysis:
    """The counts of a step and its result so far.

    Attributes:
        verdict: the result; Pass only when every limit is shown to be met.
        reason: CamelCase word for a Fail.
        message: the numbers behind it, or how many requests are still needed.
        requests: requests that the canary received on this step.
        errors: how many of them failed.
    """

    verdict: Literal["Pass", "Fail", "Inconclusive"]
    reason: str
    message: str
    requests: int
    errors: int


def routing_id(canary: Canary) -> str:
    """Return the name under which the pods count the requests of this step.

    The start of the canary is part of it: pods keep their counts, and a canary that is tried again
    must not be measured by the requests of its first try. So is the share: the comparison of both
    models needs one share for all requests, also when the step is edited.
    """
    begun = int(canary.since.timestamp()) if canary.since else 0
    return f"{canary.identity}/{canary.step}/{canary.weight}/{begun}"


def weight_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the share of a step in percent; after the last step, the share of the last one."""
    return steps[min(step, len(steps) - 1)].weight if steps else 0


def analysis(snapshot: ModelDeploymentSnapshot, canary: Canary) -> StepAnalysis | None:
    """Return the analysis of the canary's step; None while no pod has counted a request of it."""
    arms = snapshot.traffic.arms.get(routing_id(canary))
    if arms is None:
        return None
    found = _comparison(snapshot, canary, arms).verdict()
    return StepAnalysis(
        verdict=found.verdict,
        reason=REASONS[found.cause] if found.cause else "",
        message=found.message,
        requests=arms.canary.requests,
        errors=arms.canary.errors,
    )


def newest_baseline(snapshot: ModelDeploymentSnapshot, canary: Canary) -> Baseline | None:
    """Return the stable model's counts on this step, or the earlier ones if these are too few."""
    arms = snapshot.traffic.arms.get(routing_id(canary), Arms())
    slowest = stable_latency(_counts(arms.stable), snapshot.traffic.latency_bounds)
    if math.isinf(slowest):
        return canary.baseline
    stable = arms.stable
    return Baseline(requests=stable.requests, errors=stable.errors, latency_seconds=slowest)


def _comparison(snapshot: ModelDeploymentSnapshot, canary: Canary, arms: Arms) -> Comparison:
    """Return both models on the canary's step, with the limits of the spec."""
    return Comparison(
        stable=_counts(arms.stable),
        canary=_counts(arms.canary),
        bounds=snapshot.traffic.latency_bounds,
        limits=_limits(snapshot.deployment.spec.rollout.analysis),
        baseline=_known(canary.baseline) if canary.baseline and canary.weight == 100 else None,
        predictions=_predictions(snapshot, canary, arms),
    )


def _predictions(
    snapshot: ModelDeploymentSnapshot, canary: Canary, arms: Arms
) -> tuple[Predictions, Predictions] | None:
    """Return the predictions of the stable model and of the canary; None if some are unknown."""
    stable, known = snapshot.deployment.status.stable, snapshot.traffic.predictions
    if stable is None or not {stable.identity, canary.identity} <= known.keys():
        return None
    return (
        replace(known[stable.identity], requests=arms.stable.requests),
        replace(known[canary.identity], requests=arms.canary.requests),
    )


def _limits(wanted: Analysis) -> Limits:
    return Limits(
        min_requests=wanted.min_requests,
        max_error_rate=wanted.max_error_rate,
        error_rate_slack=wanted.error_rate_slack,
        max_latency_ratio=wanted.max_latency_ratio,
        latency_slack=wanted.latency_slack_seconds,
        max_prediction_shift=wanted.max_prediction_shift,
    )


def _known(baseline: Baseline) -> rollout.Baseline:
    return rollout.Baseline(
        requests=baseline.requests,
        errors=baseline.errors,
        latency=baseline.latency_seconds,
    )


def has_passed(snapshot: ModelDeploymentSnapshot, canary: Canary) -> bool:
    """Return whether the step is complete: paused long enough, routed by all pods, and passed."""
    steps = snapshot.deployment.spec.rollout.steps
    pause = timedelta(seconds=_pause_of(steps, canary.step))
    if canary.step_since is None or snapshot.now < canary.step_since + pause:
        return False
    if routing_id(canary) not in snapshot.traffic.routed:
        return False
    found = analysis(snapshot, canary)
    return found is not None and found.verdict == "Pass"


def with_counts(snapshot: ModelDeploymentSnapshot) -> ModelDeploymentStatus:
    """Return the status with the canary's counts, rounded so that it rarely changes."""
    status, canary = snapshot.deployment.status, snapshot.deployment.status.canary
    if canary is None or not canary.weight:
        return status
    found = analysis(snapshot, canary)
    if found is None:
        return status
    requests = _rounded_down(found.requests)
    # A message has exact numbers. It is stored only with a new rounded number or a new result.
    if (canary.requests, canary.verdict) == (requests, found.verdict) and canary.message:
        return status
    news = {"requests": requests, "verdict": found.verdict, "message": found.message}
    return changed(status, canary=changed(canary, **news))


def _pause_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the minimum time on a step in seconds."""
    return steps[min(step, len(steps) - 1)].pause_seconds if steps else 0


def _rounded_down(number: int) -> int:
    """Return the number rounded down to two digits: 1279 becomes 1200."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return number // unit * unit


def _counts(arm: Arm) -> ArmCounts:
    return ArmCounts(requests=arm.requests, errors=arm.errors, latency=arm.latency)
