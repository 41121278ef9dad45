"""Counts by second, summed over the pods of one model, and the windows that are evaluated.

Only complete seconds that every pod has reported are evaluated, so that the same rows give the same
numbers, however they were distributed over replicas.

Running sums are kept: a window of any length is the difference of two of them, and a new second
costs one addition. Sums and differences wrap around at 2**32, so a window is right if it has fewer
rows than that.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract.control import Span
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.windows import SCALES, Windows, scales

KEPT = SCALES[-1]
# "The last minute" is 64 s everywhere, because the lengths of windows are powers of two.
MINUTE_SECONDS = 64
# Column and rule.
Rule = tuple[str, str]
Sums = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The counts of a model's rows up to a second.

    Attributes:
        through: that second.
        windows: counts of the last 1, 2, 4, ... seconds.
        counts_since: by column that was requested: its counts since a second.
        rows: rows in the largest window.
        minute_rows: rows in the last minute.
        violations: rows in the last minute that break a rule, by column and rule.
    """

    through: int
    windows: Windows
    counts_since: Mapping[str, Counts]
    rows: int
    minute_rows: int
    violations: Mapping[Rule, int]


class BucketedCounts:
    """Counts of one model's newest seconds, summed over pods."""

    def __init__(self, reference: Iterable[Mapping[str, Any]]) -> None:
        """Count in the cells of the model's reference (see `stats.bins`)."""
        self.layout = Layout([ColumnBins.from_json(column) for column in reference])
        # Seconds with rows, and for each the running sums of all cells, and of rows, up to its end.
        self._seconds: list[int] = []
        self._sums: Sums = np.empty((0, self.layout.size + 1), dtype=np.uint32)
        self._used = slice(0, 0)
        self._before: Sums = np.zeros(self.layout.size + 1, dtype=np.uint32)
        self._violations: dict[int, dict[Rule, int]] = {}

    def fits(self, spans: Iterable[Span]) -> bool:
        """Return whether spans use only cells of this model's reference."""
        return all(max(span.cells, default=0) < self.layout.size for span in spans)

    def add(self, spans: Iterable[Span], *, after: int = 0) -> int:
        """Add the report of one pod.

        Args:
            spans: single seconds, and longer spans of older rows.
            after: rows up to this second are forgotten.

        Returns:
            Number of rows that came too late for their second.
        """
        self._forget(after)
        kept, late = list[Span](), 0
        for span in spans:
            # A longer span has older rows, and does not say in which of its seconds they came.
            if span.length == 1 and after < span.start and self._is_near(span):
                kept.append(span)
            else:
                late += span.rows
        if kept:
            self._add(kept)
        return late

    def rows(self, through: int, seconds: int) -> int:
        """Return the rows of the last seconds."""
        return int((self._sum(through) - self._sum(through - seconds))[-1])

    def row_sum(self, through: int) -> int:
        """Return the running sum of rows up to a second; it changes when any of them come."""
        return int(self._sum(through)[-1])

    def evidence(self, through: int, *, since: Mapping[str, int]) -> Evidence:
        """Return the counts up to a second.

        Args:
            through: that second.
            since: by column: the second after which its rows are also counted separately.
        """
        known = self._seconds[: bisect_right(self._seconds, through)]
        lengths = scales(min(through - known[0] + 1, KEPT) if known else 1)
        newest, cells = self._sum(through), self.layout.slices
        sums = newest - np.array([self._sum(through - length) for length in lengths])
        return Evidence(
            through=through,
            windows=Windows(lengths, sums[:, :-1].astype(np.int64)),
            counts_since={
                name: (newest - self._sum(second))[cells[name]].astype(np.int64)
                for name, second in since.items()
                if name in cells
            },
            rows=self.rows(through, KEPT),
            minute_rows=self.rows(through, MINUTE_SECONDS),
            violations=self._broken_rules(through),
        )

    def _broken_rules(self, through: int) -> dict[Rule, int]:
        found: dict[Rule, int] = {}
        for second in range(through - MINUTE_SECONDS + 1, through + 1):
            for rule, rows in self._violations.get(second, {}).items():
                found[rule] = found.get(rule, 0) + rows
        return found

    def _sum(self, second: int) -> Sums:
        """Return the running sum up to the end of a second."""
        place = bisect_right(self._seconds, second)
        found: Sums = self._sums[self._used][place - 1] if place else self._before
        return found

    def _is_near(self, span: Span) -> bool:
        """Return whether a span is near the others; a pod's clock may be far ahead."""
        return not self._seconds or span.start < self._seconds[0] + 2 * KEPT

    def _forget(self, after: int) -> None:
        old = bisect_right(self._seconds, after)
        if not old:
            return
        # Running sums stay as they are: a window is a difference, so it needs the sum before it.
        self._before = self._sum(after).copy()
        for second in self._seconds[:old]:
            self._violations.pop(second, None)
        del self._seconds[:old]
        self._used = slice(self._used.start + old, self._used.stop)

    def _add(self, spans: Sequence[Span]) -> None:
        """Add spans to the running sums from the first one's second on."""
        first = min(span.start for span in spans)
        place = bisect_left(self._seconds, first)
        known, before = self._seconds[place:], self._sum(first - 1).copy()
        seconds = sorted({*known, *(span.start for span in spans)})
        # The sums so far for each second; a new second begins with the sum of the second before it.
        there = np.concatenate([before[None], self._sums[self._used][place:]])
        found = there[np.searchsorted(known, seconds, side="right")]
        found += np.cumsum(self._by_second(seconds, spans), axis=0, dtype=np.uint32)
        self._seconds[place:] = seconds
        self._write(place, found)

    def _by_second(self, seconds: Sequence[int], spans: Iterable[Span]) -> Sums:
        found: Sums = np.zeros((len(seconds), self.layout.size + 1), dtype=np.uint32)
        for span in spans:
            row = found[bisect_left(seconds, span.start)]
            row[span.cells] += np.array(span.counts, dtype=np.uint32)
            row[-1:] += np.uint32(span.rows)
            self._note_violations(span)
        return found

    def _note_violations(self, span: Span) -> None:
        for name, rows in span.violations.items():
            column, _, rule = name.rpartition("/")
            known = self._violations.setdefault(span.start, {})
            known[column, rule] = known.get((column, rule), 0) + rows

    def _write(self, place: int, sums: Sums) -> None:
        """Write running sums from a place on; enlarge the array if needed.

        Forgotten seconds leave unused rows at the array's begin. They are dropped only when it
        grows, and it grows by a quarter, so that a new second rarely copies the others.
        """
        start, stop = self._used.start + place, self._used.start + place + len(sums)
        if stop > len(self._sums):
            needed = place + len(sums)
            grown: Sums = np.empty(
                (needed + needed // 4 + MINUTE_SECONDS, sums.shape[1]), dtype=np.uint32
            )
            grown[:place] = self._sums[self._used][:place]
            self._sums, self._used = grown, slice(0, 0)
            start, stop = place, needed
        self._sums[start:stop] = sums
        self._used = slice(self._used.start, stop)
