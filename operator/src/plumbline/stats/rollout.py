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
    """Return P(at least so many errors) if the true share were the allowed one (binomial tail)."""
    if not requests or not errors:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    terms = range(errors, min(requests, errors + 1000) + 1)
    return min(1.0, sum(math.exp(_log_binomial(k, requests, share)) for k in terms))


def _log_binomial(k: int, n: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)


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
