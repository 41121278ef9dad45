"""A long stream, evaluated as fast as it can be: by the live code, at the seconds that may alarm.

Almost no second of a stream without drift has a window with a chi-square that is large enough for
an alarm. That is computed for all seconds at once; only the others are evaluated.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from plumbline.stats import drift
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.past import Past
from plumbline.stats.windows import SCALES, Windows, scales

PART = 20_000


class Scan:
    """The counts of a stream by second, and its evaluation at each of them."""

    def __init__(self, layout: Layout, seconds: Counts, *, longest: int = SCALES[-1]) -> None:
        self.layout, self._longest = layout, longest
        nothing = np.zeros((1, seconds.shape[1]), dtype=np.int64)
        self._sums = np.vstack([nothing, seconds.cumsum(axis=0)])
        self.length, self._memory = len(seconds), dict[object, object]()

    def alarms(self, *, log_alpha: float, tolerate: float, fast: bool = True) -> dict[int, list]:
        """Return the columns' scores at each second that alarms."""
        found = {}
        looks = self._likely(log_alpha) if fast else range(1, self.length + 1)
        for second in looks:
            scores = self.evaluate(second, log_alpha=log_alpha, tolerate=tolerate)
            if alarming := [each for each in scores if each.alarm]:
                found[second] = alarming
        return found

    def evaluate(
        self, second: int, *, log_alpha: float, tolerate: float
    ) -> list[drift.ColumnScore]:
        """Evaluate one second as the operator does."""
        lengths = [each for each in scales(min(second, self._longest)) if each <= self._longest]
        sums = np.array([self._sums[second] - self._at(second - each) for each in lengths])
        past = Past(
            range(1, second + 1),
            self._sums[1 : second + 1],
            before=self._sums[0],
            through=second,
            since=np.zeros(len(self.layout.columns), dtype=np.int64),
            memory=self._memory,
        )
        return drift.score(
            self.layout,
            Windows(tuple(lengths), sums),
            log_alpha=log_alpha,
            tolerate=tolerate,
            past=past,
        )

    def _at(self, second: int) -> Counts:
        return self._sums[max(second, 0)]

    def _likely(self, log_alpha: float) -> list[int]:
        """Return the seconds that have a window with a large chi-square."""
        found = set[int]()
        for length in (each for each in SCALES if each <= self._longest):
            for start in range(1, self.length + 1, PART):
                ends = np.arange(start, min(start + PART, self.length + 1))
                ends = ends[ends > length // 2]
                sums = self._sums[ends] - self._sums[np.maximum(ends - length, 0)]
                if len(ends):
                    large = drift.large(self.layout.table, sums, log_alpha)
                    found.update(ends[large.any(axis=1)].tolist())
        return sorted(found)


def episodes(alarms: Mapping[int, list], length: int) -> Iterator[tuple[int, int]]:
    """Yield the seconds in which an episode opens and closes."""
    opened, quiet, needed, before = 0, 0, 0, False
    for second in range(1, length + 1):
        alarm = second in alarms
        if opened:
            quiet = 0 if alarm else quiet + 1
            if quiet >= needed:
                yield opened, second
                opened = 0
        elif alarm and before:
            opened, quiet = second, 0
            needed = max(30, max(each.seconds for each in alarms[second]))
        before = alarm
    if opened:
        yield opened, length
