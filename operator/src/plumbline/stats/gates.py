"""Gates: the bound of the confidence interval must meet the limit, not the estimate alone.

A gate that neither passes nor fails is inconclusive, and says how many rows would decide it.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from plumbline.stats.intervals import Interval
from plumbline.stats.text import estimate, number

VerdictName = Literal["Passed", "Failed", "Inconclusive"]
Limits = tuple[float | None, float | None]
# Two-sided confidence of the bounds that must meet a limit.
CONFIDENCE = 0.95
# How often the number of rows that a message names is enough, if the estimate is the truth.
POWER = 0.8
DISAGREEING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict of a gate, with its numbers.

    Attributes:
        name: the gate, such as `auc >= 0.65`.
        rows_needed: rows that would decide an inconclusive gate in four of five cases, if the
            estimate is the truth; 0 otherwise.
    """

    name: str
    verdict: VerdictName
    message: str
    rows_needed: int = 0


def judge_metric(
    metric: str,
    found: Interval | None,
    *,
    minimum: float | None,
    maximum: float | None,
    why: str = "",
) -> Verdict:
    """Return the verdict on one metric; a metric that was not measured fails, and says why."""
    name = " and ".join(
        f"{metric} {sign} {limit:g}"
        for sign, limit in ((">=", minimum), ("<=", maximum))
        if limit is not None
    )
    if found is None:
        text = f"{metric} was not measured{why and ': '}{why}"
        return Verdict(name=name or metric, verdict="Failed", message=text)
    words = [_side(found.low, found.high, minimum), _side(-found.high, -found.low, _minus(maximum))]
    word = worst(words)
    needed = _rows_needed(found, minimum, maximum) if word == "Inconclusive" else 0
    return Verdict(
        name=name or metric,
        verdict=word,
        message=_message(metric, found, (minimum, maximum), word, needed),
        rows_needed=needed,
    )


def judge_champion(metric: str, better: Interval, *, margin: float) -> Verdict:
    """Return the verdict on non-inferiority: by the lower bound at most `margin` worse."""
    word = _side(better.low, better.high, -margin)
    name = f"{metric} gain over the champion >= {0.0 - margin:g}"
    needed = _rows_needed(better, -margin, None) if word == "Inconclusive" else 0
    text = f"{metric} gain over the champion is"
    told = _message(text, better, (-margin, None), word, needed, link=", which")
    shown = shown_difference(better)
    if word == "Inconclusive" and shown > margin:
        told += f"; {better.n} rows can show a difference of {number(shown)}"
    return Verdict(name=name, verdict=word, message=told, rows_needed=needed)


def shown_difference(found: Interval) -> float:
    """Return the difference that as many rows would show in four of five cases."""
    return (found.value - found.low) * math.sqrt(_powered(found))


def resolution(rows: int) -> float:
    """Return the difference in accuracy that rows can show in four of five cases.

    Of two models of which a tenth of the predictions differ, at a one-sided confidence of 95 %.
    """
    z = NormalDist().inv_cdf(CONFIDENCE) + NormalDist().inv_cdf(POWER)
    return z * math.sqrt(DISAGREEING / rows)


def _powered(found: Interval) -> float:
    """Return how many times the rows of an interval that just ends at a limit are enough."""
    z = NormalDist().inv_cdf((1 + found.confidence) / 2)
    return ((z + NormalDist().inv_cdf(POWER)) / z) ** 2


def paid(confidence: float, look: int) -> float:
    """Return the confidence of the k-th look at the same rows, so that all looks together keep it.

    The shares 6 / (pi k)^2 of the error add up to 1 over all looks. Look 0 is not counted.
    """
    return 1 - (1 - confidence) * 6 / (math.pi * look) ** 2 if look else confidence


def worst(words: list[VerdictName]) -> VerdictName:
    """Return Failed before Inconclusive before Passed."""
    order: tuple[VerdictName, ...] = ("Failed", "Inconclusive")
    return next((word for word in order if word in words), "Passed")


def _side(low: float, high: float, limit: float | None) -> VerdictName:
    if limit is None or low >= limit:
        return "Passed"
    return "Failed" if high < limit else "Inconclusive"


def _minus(limit: float | None) -> float | None:
    return None if limit is None else -limit


def _rows_needed(found: Interval, *limits: float | None) -> int:
    """Return the rows that would decide in four of five cases; 0 if no number is known."""
    held = [limit for limit in limits if limit is not None and found.low <= limit <= found.high]
    needed = [_rows_to_clear(found, limit) * _powered(found) for limit in held]
    return math.ceil(max(needed)) if needed and max(needed) < math.inf else 0


def _rows_to_clear(found: Interval, limit: float) -> float:
    """Return the rows with which the interval would end before the limit."""
    distance = abs(found.value - limit)
    side = found.value - found.low if limit < found.value else found.high - found.value
    return found.n * (side / distance) ** 2 if distance else math.inf


def _message(
    text: str, found: Interval, limits: Limits, word: VerdictName, needed: int, *, link: str = ""
) -> str:
    numbers = estimate(found.value, found.low, found.high, found.n, found.confidence)
    more = f"; about {needed} rows would decide in 4 of 5 cases" if needed else ""
    why = f": {found.weak}" if found.weak and word == "Inconclusive" else ""
    return f"{text} {numbers}{link} {_compared(found, limits, word)}{why}{more}"


def _compared(found: Interval, limits: Limits, word: VerdictName) -> str:
    """Return how the interval lies to the limit that decided."""
    # Limits are printed in full: a rounded one could contradict the verdict.
    low, high = (None if each is None else f"{each + 0.0:g}" for each in limits)
    if word == "Passed":
        least, most = low and f"at least {low}", high and f"at most {high}"
        return f"is {' and '.join(each for each in (least, most) if each) or 'without a limit'}"
    minimum = limits[0]
    is_low = minimum is not None and _side(found.low, found.high, minimum) == word
    if word == "Failed":
        return f"is below {low}" if is_low else f"is above {high}"
    return f"may be below {low}" if is_low else f"may be above {high}"
