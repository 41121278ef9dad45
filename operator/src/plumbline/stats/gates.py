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
    metric: str,
    found: Interval | None,
    *,
    minimum: float | None,
    maximum: float | None,
    why: str = "",
) -> Verdict:
    """Judge one metric against its limits; one that was not measured fails, and says why."""
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
        message=_message(metric, found, name, word, needed),
        rows_needed=needed,
    )


def judge_champion(metric: str, better: Interval, *, margin: float) -> Verdict:
    """Judge non-inferiority: the new model is at most `margin` worse, by the lower bound."""
    word = _side(better.low, better.high, -margin)
    name = f"{metric} vs champion >= {0.0 - margin:g}"
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
    """Return the rows with which the interval would no longer hold a limit; 0 if none would do."""
    held = [limit for limit in limits if limit is not None and found.low <= limit <= found.high]
    needed = [_rows_to_clear(found, limit) for limit in held]
    return math.ceil(max(needed)) if needed and max(needed) < math.inf else 0


def _rows_to_clear(found: Interval, limit: float) -> float:
    """Return the rows with which the side of the interval towards the limit would end before it."""
    distance = abs(found.value - limit)
    side = found.value - found.low if limit < found.value else found.high - found.value
    return found.n * (side / distance) ** 2 if distance else math.inf


def _message(text: str, found: Interval, name: str, word: Word, needed: int) -> str:
    numbers = f"{text} {found.value:.4f} [{found.low:.4f}, {found.high:.4f}] on {found.n} rows"
    told = {"Passed": "clears", "Failed": "misses", "Inconclusive": "cannot yet be told from"}
    more = f"; about {needed} rows would settle it" if needed else ""
    return f"{numbers} {told[word]} {name}{more}"
