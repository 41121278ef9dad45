"""Gates: a bar is passed by the confidence bound, never by the estimate alone.

A gate that neither passes nor fails is inconclusive, and says how many rows would settle it.
"""

import math
from dataclasses import dataclass
from typing import Literal

from plumbline.stats.intervals import Interval

Word = Literal["Passed", "Failed", "Inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a gate was judged, with the numbers behind it.

    Attributes:
        name: the bar, such as `auc >= 0.65`.
        rows_needed: rows that would settle an inconclusive gate, roughly; 0 otherwise.
    """

    name: str
    verdict: Word
    message: str
    rows_needed: int = 0


def judge_metric(
    metric: str, found: Interval | None, *, minimum: float | None, maximum: float | None
) -> Verdict:
    """Judge one metric against its limits; a metric that was not measured fails."""
    name = " and ".join(
        f"{metric} {sign} {limit:g}"
        for sign, limit in ((">=", minimum), ("<=", maximum))
        if limit is not None
    )
    if found is None:
        return Verdict(name=name or metric, verdict="Failed", message=f"{metric} was not measured")
    words = [_side(found.low, found.high, minimum), _side(-found.high, -found.low, _minus(maximum))]
    word = worst(words)
    needed = _rows_needed(found, minimum, maximum) if word == "Inconclusive" else 0
    return Verdict(
        name=name or metric,
        verdict=word,
        message=_message(metric, found, name, word, needed),
        rows_needed=needed,
    )


def judge_champion(metric: str, better: Interval, *, margin: float) -> Verdict:
    """Judge non-inferiority: the new model is at most `margin` worse, by the lower bound."""
    word = _side(better.low, better.high, -margin)
    name = f"{metric} vs champion >= -{margin:g}"
    needed = _rows_needed(better, -margin, None) if word == "Inconclusive" else 0
    text = f"{metric} better than the champion's by"
    return Verdict(
        name=name,
        verdict=word,
        message=_message(text, better, name, word, needed),
        rows_needed=needed,
    )


def worst(words: list[Word]) -> Word:
    """Return Failed before Inconclusive before Passed."""
    order: tuple[Word, ...] = ("Failed", "Inconclusive")
    return next((word for word in order if word in words), "Passed")


def _side(low: float, high: float, limit: float | None) -> Word:
    if limit is None or low >= limit:
        return "Passed"
    return "Failed" if high < limit else "Inconclusive"


def _minus(limit: float | None) -> float | None:
    return None if limit is None else -limit


def _rows_needed(found: Interval, *limits: float | None) -> int:
    """Return the rows with which the interval would be as narrow as the nearest limit is far."""
    distance = min(abs(found.value - limit) for limit in limits if limit is not None)
    half = (found.high - found.low) / 2
    if not distance or math.isinf(half):
        return 0
    return math.ceil(found.n * (half / distance) ** 2)


def _message(text: str, found: Interval, name: str, word: Word, needed: int) -> str:
    numbers = f"{text} {found.value:.4f} [{found.low:.4f}, {found.high:.4f}] on {found.n} rows"
    told = {"Passed": "clears", "Failed": "misses", "Inconclusive": "cannot yet be told from"}
    more = f"; about {needed} rows would settle it" if needed else ""
    return f"{numbers} {told[word]} {name}{more}"
