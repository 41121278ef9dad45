"""The verdict on a canary, compared with the stable model on the same stream of requests.

A step passes only when it is shown that no limit is exceeded by more than a stated slack; a canary
without traffic never passes. One that fails clearly is stopped before all requests came. Between
the two a step continues, and its message says what cannot be excluded yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from plumbline.stats.latency import SHARE, quantile, reached, slower_than, upper_quantile
from plumbline.stats.predictions import (
    Predictions,
    can_tell,
    certain_shift,
    constant_below,
    is_constant,
)
from plumbline.stats.sequential import chance_above, chance_below, lower_share, upper_share
from plumbline.stats.text import percent

VerdictName = Literal["Pass", "Fail", "Inconclusive"]
Cause = Literal["", "errors", "latency", "predictions"]
# A canary fails if so many errors (or slow requests) have at most this chance.
ALPHA = 0.01
# A step passes although the canary's rate is above the limit, or because the stable model's rate is
# taken for higher than it is, with at most these chances: together a twentieth.
PASS_ALPHA, STABLE_ALPHA = 0.045, 0.005
# The least default slack: half a point. So a limit of zero can be shown at all.
LEAST_SLACK = 0.005
# Of the slow requests too, a step must show that they are less than twice the allowed share.
SLOW_SHARE = 1 - SHARE
MOST_SLOW = 2 * SLOW_SHARE
# Smaller p-values mean the same to a reader.
LEAST_SHOWN = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """Requests of one model: how many, how many failed, and how many in each latency bucket."""

    requests: int
    errors: int
    latency: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the stable model showed on an earlier step, for a step on which it gets no requests.

    Attributes:
        latency: upper bound of its p95 in seconds.
    """

    requests: int
    errors: int
    latency: float


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a rollout.

    Attributes:
        min_requests: requests that the canary must receive first.
        max_error_rate: allowed share of failed requests.
        error_rate_slack: how much more a step must exclude; None for the default.
        max_latency_ratio: allowed ratio of the 95th percentiles.
        latency_slack: seconds by which the canary may always be slower.
        max_prediction_shift: allowed difference of the distributions of predictions; None for any.
    """

    min_requests: int = 100
    max_error_rate: float = 0.01
    error_rate_slack: float | None = None
    max_latency_ratio: float = 2.0
    latency_slack: float = 0.02
    max_prediction_shift: float | None = None

    @cached_property
    def slack(self) -> float:
        """The slack of the error rate: by default the rate again, and at least half a point."""
        if self.error_rate_slack is not None:
            return self.error_rate_slack
        return max(self.max_error_rate, LEAST_SLACK)

    def slowest(self, stable: float) -> float:
        """Return the longest latency that is allowed beside such a p95 of the stable model."""
        return max(self.max_latency_ratio * stable, stable + self.latency_slack)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutVerdict:
    """The verdict, its numbers, the requests that it still needs, and what a Fail is caused by."""

    verdict: VerdictName
    message: str
    requests_needed: int = 0
    cause: Cause = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on one step of a rollout.

    Attributes:
        stable: the stable model's counts on this step.
        canary: the canary's.
        bounds: upper bounds of the latency buckets in seconds; one more bucket is above the last.
        baseline: the stable model's counts if it gets no requests on this step.
        predictions: those of the stable model and of the canary, if they can be compared.
    """

    stable: ArmCounts
    canary: ArmCounts
    bounds: Sequence[float]
    limits: Limits
    baseline: Baseline | None = None
    predictions: tuple[Predictions, Predictions] | None = None

    def verdict(self) -> RolloutVerdict:
        """Return the verdict on the step."""
        errors = self._errors()
        if errors.verdict == "Fail":
            return errors
        needed = max(0, self.limits.min_requests - self.canary.requests)
        if needed:
            text = f"{self._failed}; {needed} more requests are needed"
            return RolloutVerdict(verdict="Inconclusive", message=text, requests_needed=needed)
        return _joined(errors, self._latency(), self._predicted())

    @property
    def _failed(self) -> str:
        return f"{self.canary.errors} of {self.canary.requests} requests failed"

    def _errors(self) -> RolloutVerdict:
        errors, requests = self.canary.errors, self.canary.requests
        chance = max(self._chance_allowed(), self._chance_beside())
        if errors and chance < ALPHA:
            text = f"{self._failed}, significantly more than {self._allowed()} ({_p(chance)})"
            return RolloutVerdict(verdict="Fail", message=text, cause="errors")
        top = percent(upper_share(errors, requests, PASS_ALPHA))
        text = f"{self._failed}; error rates up to {top} cannot be excluded"
        if chance_below(errors, requests, self._limit) < PASS_ALPHA:
            return RolloutVerdict(verdict="Pass", message=text)
        text = f"{text}, but the limit is {percent(self._limit)}"
        return RolloutVerdict(verdict="Inconclusive", message=text)

    def _chance_allowed(self) -> float:
        """Return the p-value of the canary's errors if its rate is the allowed one."""
        return chance_above(self.canary.errors, self.canary.requests, self.limits.max_error_rate)

    def _chance_beside(self) -> float:
        """Return the p-value of the canary's errors if its rate is that of the stable model.

        Of two equal models, each has its share of the errors as it has of the requests.
        """
        mine, other = self.canary, self.stable
        if self.baseline:
            most = upper_share(self.baseline.errors, self.baseline.requests, ALPHA)
            return chance_above(mine.errors, mine.requests, most)
        both = mine.requests + other.requests
        share = mine.requests / both if both else 1.0
        # Without any request of the stable model there is nothing to compare with.
        if share >= 1:
            return 0.0
        return chance_above(mine.errors, mine.errors + other.errors, share)

    @cached_property
    def _limit(self) -> float:
        """The error rate that a step must exclude: the allowed one plus the slack.

        A stable model that certainly fails more often raises it, so that it blocks no equal. The
        test stays valid when its limit moves, because a smaller limit is harder to exclude.
        """
        known, allowed = self.baseline or self.stable, self.limits.max_error_rate
        if known.errors > allowed * known.requests:
            allowed = max(allowed, lower_share(known.errors, known.requests, STABLE_ALPHA))
        return allowed + self.limits.slack

    def _allowed(self) -> str:
        """Return what the canary's errors are too many for."""
        known = self.baseline or self.stable
        beside = f", and than {known.errors} of {known.requests} of the stable model"
        return f"{percent(self.limits.max_error_rate)}{beside if known.errors else ''}"

    def _latency(self) -> RolloutVerdict:
        counts, alpha = self.canary.latency, ALPHA / 2
        known = stable_latency(self.stable, self.bounds)
        known = self.baseline.latency if self.baseline else known
        total, text = sum(counts), self._latency_text()
        if not total or math.isinf(known):
            text = f"the latencies cannot be compared yet: {text}"
            return RolloutVerdict(verdict="Inconclusive", message=text)
        limit = self.limits.slowest(known)
        late = slower_than(counts, self.bounds, limit)
        longer = f"{late} of {total} requests took longer than the limit of {_ms(limit)}"
        if late and (chance := chance_above(late, total, SLOW_SHARE)) < alpha:
            text = f"{text}; {longer} ({_p(chance)})"
            return RolloutVerdict(verdict="Fail", message=text, cause="latency")
        if self._excludes_slowness():
            return RolloutVerdict(verdict="Pass", message=text)
        return RolloutVerdict(verdict="Inconclusive", message=f"{text}; {longer}")

    def _excludes_slowness(self) -> bool:
        """Return whether the slow requests are shown to be less than twice as many as allowed.

        The limit follows from the estimate of the stable model's p95. From its upper bound, a model
        that is three times as slow would pass as long as the bound is wide.
        """
        counts, known = self.canary.latency, self.baseline
        usual = known.latency if known else reached(self.stable.latency, self.bounds)
        late = slower_than(counts, self.bounds, self.limits.slowest(usual))
        return chance_below(late, sum(counts), MOST_SLOW) < PASS_ALPHA

    def _latency_text(self) -> str:
        new = quantile(self.canary.latency, self.bounds)
        mine = "the new model has none" if math.isnan(new) else f"latency p95 {_ms(new)}"
        if self.baseline:
            return f"{mine}, stable at most {_ms(self.baseline.latency)} on an earlier step"
        old, requests = quantile(self.stable.latency, self.bounds), sum(self.stable.latency)
        if math.isnan(old):
            return f"{mine}, the stable model has none (it answers no requests at weight 100)"
        return f"{mine}, stable {_ms(old)} ({requests} requests)"

    def _predicted(self) -> RolloutVerdict:
        """Return whether the canary predicts nearly a constant, or too differently.

        On a step of weight 100 there is nothing to compare with: earlier steps have decided that.
        """
        if self.predictions is None or self.baseline:
            return RolloutVerdict(verdict="Pass", message="")
        stable, canary = self.predictions
        limit = constant_below(stable, ALPHA / 2)
        if limit and is_constant(canary, limit, ALPHA / 2):
            same = f"{_same(canary)}, the stable model for {_same(stable)}"
            text = f"the new model gives one prediction for {same}"
            return RolloutVerdict(verdict="Fail", message=text, cause="predictions")
        most = self.limits.max_prediction_shift
        if most is not None and (shift := certain_shift(stable, canary, ALPHA)) > most:
            text = f"the predictions of both models differ by at least {shift:.2f} (limit {most:g})"
            return RolloutVerdict(verdict="Fail", message=text, cause="predictions")
        if canary.n and stable.n and can_tell(canary, limit, ALPHA / 2):
            return RolloutVerdict(verdict="Pass", message="")
        text = f"{canary.n} predictions of the new model are too few to compare"
        return RolloutVerdict(verdict="Inconclusive", message=text)


def stable_latency(stable: ArmCounts, bounds: Sequence[float]) -> float:
    """Return the upper bound of the stable model's p95 in seconds; infinite if it is unknown."""
    return upper_quantile(stable.latency, bounds, ALPHA / 2)


def _joined(*found: RolloutVerdict) -> RolloutVerdict:
    """Return the worst verdict, with all numbers."""
    order: tuple[VerdictName, ...] = ("Fail", "Inconclusive", "Pass")
    worst = min(found, key=lambda each: order.index(each.verdict))
    text = "; ".join(each.message for each in found if each.message)
    return RolloutVerdict(verdict=worst.verdict, message=text, cause=worst.cause)


def _same(found: Predictions) -> str:
    return f"{percent(1 - found.varied / found.n)} of the rows"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _p(chance: float) -> str:
    return f"p = {chance:.2g}" if chance >= LEAST_SHOWN else f"p < {LEAST_SHOWN:g}"
