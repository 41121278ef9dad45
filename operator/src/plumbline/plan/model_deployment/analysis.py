"""What the pods have counted of a step, judged: Pass, Fail, or not enough to tell."""

from dataclasses import dataclass
from typing import Literal

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Analysis, Canary
from plumbline.live.observations import Arm
from plumbline.plan.model_deployment import steps as rollout
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.stats.rollout import ALPHA, ArmCounts, compare, error_chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the counts of a step.

    Attributes:
        verdict: Pass only when everything asked for has been shown.
        reason: CamelCase word for a Fail.
        message: the numbers behind the verdict, or how many requests are still needed.
        requests: requests that the canary got on this step.
    """

    verdict: Literal["Pass", "Fail", "Inconclusive"]
    reason: str
    message: str
    requests: int


def look(snapshot: ModelDeploymentSnapshot, canary: Canary) -> Look | None:
    """Return the look at the canary's step; None while no pod has told of it."""
    arms = snapshot.traffic.arms.get(rollout.token(canary))
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
    return Look(
        verdict=verdict.verdict,
        reason=_reason(arms[1], wanted) if verdict.verdict == "Fail" else "",
        message=verdict.message,
        requests=arms[1].requests,
    )


def _reason(canary: Arm, wanted: Analysis) -> str:
    """Return which of the two bars a failing canary has missed."""
    chance = error_chance(canary.errors, canary.requests, wanted.max_error_rate)
    return Reason.ERROR_RATE_TOO_HIGH if chance < ALPHA else Reason.LATENCY_TOO_HIGH


def _counts(arm: Arm) -> ArmCounts:
    return ArmCounts(requests=arm.requests, errors=arm.errors, latency=arm.latency)
