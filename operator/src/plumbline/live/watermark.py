"""How far the pods of a model have told of their rows, and what is lost with a pod that ends.

A pod tells of whole seconds. Drift is looked for up to the second that every pod has told of; one
that stays silent is waited for a few seconds only, and what it tells later joins its seconds while
they are still judged. A pod that ends of itself tells all before. What a pod that is killed served
after its last word goes with it: how much that was is estimated from its newest rate.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.live.windows import KEPT

Second = Mapping[str, Any]
SILENT_SECONDS, RATE_SECONDS = 5.0, 5


@dataclass(slots=True)
class Word:
    """The last word of a pod.

    Attributes:
        boot: which start of its process spoke.
        through: the last second that it has told of.
        rate: rows a second, in the newest seconds told.
        uncounted: rows that it could not count itself.
        begun: what it had of seconds that had not ended.
        heard: when it spoke, in seconds of the epoch.
        until: when it served no more, as far as that is known.
    """

    boot: str
    through: int
    rate: float
    uncounted: int
    begun: Sequence[Second]
    heard: float
    until: float = math.inf


class Coverage:
    """The pods of one model."""

    def __init__(self) -> None:
        """Know of no pod."""
        self._words: dict[str, Word] = {}
        self._left: list[Second] = []
        self._lost = 0.0
        self.through = 0

    @property
    def lost(self) -> int:
        """Rows that were served and are in no count, as far as that can be told."""
        return round(self._lost)

    @property
    def after(self) -> int:
        """The last second that is not judged any more."""
        return int(self.through - KEPT)

    def since(self, pod: str) -> int:
        """Return the second to ask a pod from: of its last word, or as far back as is judged."""
        return self._words[pod].through if pod in self._words else -KEPT

    def hear(self, pod: str, answer: Mapping[str, Any], *, now: float, late: int = 0) -> None:
        """Take in what a pod has answered to a pull; `late` rows came too late to be judged."""
        before = self._words.get(pod)
        uncounted = int(answer["totals"]["lost"])
        if before and before.boot == answer["boot"]:
            self._lost += uncounted - before.uncounted + late
        elif before:
            self._lose(before, until=now - answer["now"] + answer["started"])
        self._words[pod] = Word(
            boot=answer["boot"],
            through=answer["through"],
            rate=_rate(answer, before),
            uncounted=uncounted,
            begun=answer.get("begun", ()),
            heard=now,
            until=-math.inf if answer.get("ended") else math.inf,
        )

    def refused(self, pod: str, *, now: float) -> None:
        """Note that nobody listens where the pod was: its process has ended."""
        if word := self._words.get(pod):
            word.until = min(word.until, now)

    def advance(self, alive: Iterable[str], *, now: float) -> None:
        """Go on to the second that all have told of, but for those that ended or are silent."""
        for pod in set(self._words) - set(alive):
            self._lose(self._words.pop(pod), until=now)
        spoken = [
            word.through
            for word in self._words.values()
            if word.until > now and now - word.heard < SILENT_SECONDS
        ]
        self.through = max(self.through, min(spoken, default=self.through))

    def left(self) -> list[Second]:
        """Return, once, the seconds that pods had begun when they ended."""
        left, self._left = self._left, []
        return left

    def _lose(self, word: Word, *, until: float) -> None:
        self._left.extend(word.begun)
        self._lost += word.rate * max(0.0, min(until, word.until) - word.heard)


def _rate(answer: Mapping[str, Any], before: Word | None) -> float:
    """Return rows a second since the last pull, over the newest seconds only."""
    through: int = answer["through"]
    first = through - RATE_SECONDS
    if before and before.boot == answer["boot"]:
        if before.through == through:
            return before.rate
        first = max(first, before.through)
    rows: int = sum(one["rows"] for one in answer["seconds"] if one["e"] > first)
    return rows / (through - first)
