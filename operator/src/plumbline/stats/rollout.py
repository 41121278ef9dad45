"""Judges a canary by what was counted on the same stream of requests as the stable model's.

No traffic is never a pass. A canary that plainly fails is stopped before all requests have come.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Word = Literal["Pass", "Fail", "Inconclusive"]
ALPHA = 0.01
SHARE = 0.95
# What nobody waits for: on tiny latencies a ratio says more about the machine than about the model.
HARMLESS_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """Requests of one arm: how many, how many failed, and how many in each latency bucket."""

    requests: int
    errors: int
    latency: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutVerdict:
    """The verdict, the numbers behind it, and the requests it still needs."""

    verdict: Word
    message: str
    requests_needed: int = 0


def compare(
    stable: ArmCounts,
    canary: ArmCounts,
    *,
    bounds: Sequence[float],
    min_requests: int,
    max_error_rate: float,
    max_latency_ratio: float,
) -> RolloutVerdict:
    """Judge one step of a rollout.

    Args:
        stable: the stable arm's counts on this step.
        canary: the canary's.
        bounds: upper bounds of the latency buckets in seconds; one more bucket lies above.
        min_requests: requests that the canary must have had.
        max_error_rate: share of failed requests that is allowed.
        max_latency_ratio: ratio of the 95th percentiles that is allowed.
    """
    numbers = f"{canary.requests} requests, {canary.errors} failed"
    chance = error_chance(canary.errors, canary.requests, max_error_rate)
    if canary.errors and chance < ALPHA:
        text = f"{numbers}: more than the allowed share {max_error_rate:g} (p = {chance:.2g})"
        return RolloutVerdict(verdict="Fail", message=text)
    needed = max(0, min_requests - canary.requests)
    if needed:
        text = f"{numbers}; {needed} more are needed"
        return RolloutVerdict(verdict="Inconclusive", message=text, requests_needed=needed)
    return _judged(stable, canary, bounds, max_error_rate, max_latency_ratio, numbers)


def _judged(
    stable: ArmCounts,
    canary: ArmCounts,
    bounds: Sequence[float],
    max_error_rate: float,
    max_latency_ratio: float,
    numbers: str,
) -> RolloutVerdict:
    """Judge counts that are large enough."""
    if canary.errors > max_error_rate * canary.requests:
        text = f"{numbers}: above the share {max_error_rate:g}, but not yet beyond chance"
        return RolloutVerdict(verdict="Inconclusive", message=text)
    new, old = quantile(canary.latency, bounds, SHARE), quantile(stable.latency, bounds, SHARE)
    if math.isnan(new) or math.isnan(old) or not old:
        text = f"{numbers}; no latency to compare with yet"
        return RolloutVerdict(verdict="Inconclusive", message=text)
    text = f"{numbers}; p95 {new * 1000:.0f} ms, stable {old * 1000:.0f} ms"
    limit = max(max_latency_ratio * old, old + HARMLESS_SECONDS)
    late = slower_than(canary.latency, bounds, limit)
    chance = error_chance(late, canary.requests, 1 - SHARE)
    if late and chance < ALPHA:
        told = f"{text}: {late} took more than {limit * 1000:.0f} ms (p = {chance:.2g})"
        return RolloutVerdict(verdict="Fail", message=told)
    return RolloutVerdict(verdict="Pass", message=text)


def error_chance(errors: int, requests: int, share: float) -> float:
    """Return how likely so many errors ever are, at any look, at the allowed share of them.

    A canary is looked at again and again, so no binomial tail is honest. This is one over the
    likelihood ratio of all shares above the allowed one, mixed evenly, against the allowed one: a
    martingale, so that Ville's inequality holds over all looks (Robbins 1970). At least half of the
    mixture's mass lies above the allowed share where more errors were seen than that allows.
    """
    if share >= 1 or errors <= share * (requests + 1):
        return 1.0
    if share <= 0:
        return 0.0
    good = requests - errors
    allowed = errors * math.log(share) + good * math.log1p(-share)
    above = math.lgamma(errors + 1) + math.lgamma(good + 1) - math.lgamma(requests + 2)
    return min(1.0, 2 * (1 - share) * math.exp(allowed - above))


def slower_than(counts: Sequence[int], bounds: Sequence[float], limit: float) -> int:
    """Return how many values are surely above a limit: those in buckets that begin there."""
    lowers = (0.0, *bounds)
    return sum(count for count, lower in zip(counts, lowers, strict=True) if lower >= limit)


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float:
    """Return a quantile of bucketed values, linear inside of its bucket; NaN without values."""
    total = sum(counts)
    if not total:
        return math.nan
    reached, lower = 0, 0.0
    for number, count in enumerate(counts):
        upper = bounds[number] if number < len(bounds) else 2 * bounds[-1]
        if count and reached + count >= share * total:
            return lower + (upper - lower) * (share * total - reached) / count
        reached, lower = reached + count, upper
    return lower
