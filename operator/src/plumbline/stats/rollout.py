"""The verdict on a canary, compared with the stable model on the same stream of requests.

A canary without traffic never passes. One that fails clearly is stopped before all requests came.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plumbline.stats.text import percent

VerdictName = Literal["Pass", "Fail", "Inconclusive"]
# A canary fails if so many errors (or slow requests) have at most this chance.
ALPHA = 0.01
# The quantile of the latency that is compared: p95.
SHARE = 0.95
# Smaller p-values mean the same to a reader.
LEAST_SHOWN = 0.001
# Too short to matter to a client: a ratio of tiny latencies says more about nodes than models.
HARMLESS_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """Requests of one model: how many, how many failed, and how many in each latency bucket."""

    requests: int
    errors: int
    latency: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutVerdict:
    """The verdict, its numbers, and the requests that it still needs."""

    verdict: VerdictName
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
    """Return the verdict on one step of a rollout.

    Args:
        stable: the stable model's counts on this step.
        canary: the canary's.
        bounds: upper bounds of the latency buckets in seconds; one more bucket is above the last.
        min_requests: requests that the canary must receive first.
        max_error_rate: allowed share of failed requests.
        max_latency_ratio: allowed ratio of the 95th percentiles.
    """
    numbers = f"{canary.errors} of {canary.requests} requests failed"
    chance = error_chance(canary.errors, canary.requests, max_error_rate)
    if canary.errors and chance < ALPHA:
        text = f"{numbers}, significantly more than {percent(max_error_rate)} ({_p(chance)})"
        return RolloutVerdict(verdict="Fail", message=text)
    needed = max(0, min_requests - canary.requests)
    if needed:
        text = f"{numbers}; {needed} more requests are needed"
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
    """Return the verdict on counts that are large enough."""
    if canary.errors > max_error_rate * canary.requests:
        text = f"{numbers}, more than {percent(max_error_rate)}, but this may be chance"
        return RolloutVerdict(verdict="Inconclusive", message=text)
    new, old = quantile(canary.latency, bounds, SHARE), quantile(stable.latency, bounds, SHARE)
    if math.isnan(new) or math.isnan(old) or not old:
        less = "the new model" if math.isnan(new) else "the stable model"
        text = f"{numbers}; the latencies cannot be compared yet, because {less} has none"
        return RolloutVerdict(verdict="Inconclusive", message=text)
    text = f"{numbers}; latency p95 {new * 1000:.0f} ms, stable {old * 1000:.0f} ms"
    limit = max(max_latency_ratio * old, old + HARMLESS_SECONDS)
    late = slower_than(canary.latency, bounds, limit)
    chance = error_chance(late, canary.requests, 1 - SHARE)
    if late and chance < ALPHA:
        most = f"the limit of {limit * 1000:.0f} ms"
        told = (
            f"{text}; {late} of {canary.requests} requests took longer than {most} ({_p(chance)})"
        )
        return RolloutVerdict(verdict="Fail", message=told)
    return RolloutVerdict(verdict="Pass", message=text)


def _p(chance: float) -> str:
    return f"p = {chance:.2g}" if chance >= LEAST_SHOWN else f"p < {LEAST_SHOWN:g}"


def error_chance(errors: int, requests: int, share: float) -> float:
    """Return the p-value of so many errors, valid over all evaluations together.

    A canary is evaluated again and again, so the p-value of a binomial test would be too small.
    This is the inverse of a likelihood ratio: all shares above the allowed one, with a uniform
    prior, against the allowed one. The ratio is a martingale, so that Ville's inequality holds over
    all evaluations (Robbins 1970). The likelihood of the shares above the allowed one is not
    integrated exactly: half of the integral over all shares is used, hence the factor 2. Where more
    errors were seen than allowed, it is at least that half, so the p-value is never too small.
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
    """Return how many values are certainly above a limit: those in buckets that begin above it."""
    lowers = (0.0, *bounds)
    return sum(count for count, lower in zip(counts, lowers, strict=True) if lower >= limit)


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float:
    """Return a quantile of bucketed values, interpolated inside its bucket; NaN without values."""
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
