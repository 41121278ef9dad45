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
from plumbline.stats.past import MINUTE, Past
from plumbline.stats.windows import LONGEST, Windows, scales

# Older rows are kept by minute.
KEPT = 4096
# After how many minutes they are thinned out.
THINNED = 4
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
        past: older counts, see `stats.past`.
        counts_since: by column that was requested: its counts since a second.
        rows: rows in the largest window.
        minute_rows: rows in the last minute.
        violations: rows in the last minute that break a rule, by column and rule.
    """

    through: int
    windows: Windows
    past: Past
    counts_since: Mapping[str, Counts]
    rows: int
    minute_rows: int
    violations: Mapping[Rule, int]


def last_second(span: Span) -> int:
    """Return the last second of a span."""
    return span.start + span.length - 1


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
        # Before this second only the last one of each minute is kept.
        self._exact_since = 0
        # Sums up to this second are read in other threads.
        self._lent = 0
        self._memory: dict[Any, Any] = {}

    def fits(self, spans: Iterable[Span]) -> bool:
        """Return whether spans use only cells of this model's reference."""
        return all(max(span.cells, default=0) < self.layout.size for span in spans)

    def add(self, spans: Iterable[Span], *, after: int = 0) -> int:
        """Add the report of one pod.

        Args:
            spans: single seconds, and longer spans of older rows.
            after: single seconds up to this one come too late.

        Returns:
            Number of rows that came too late for their second.
        """
        self._forget(after)
        kept, late = list[Span](), 0
        for span in spans:
            if self._is_kept(span, after):
                kept.append(span)
            else:
                late += span.rows
        if kept:
            self._add(kept)
        return late

    def _is_kept(self, span: Span, after: int) -> bool:
        """Return whether a span is not too late, and not far ahead: a pod's clock may be.

        A longer span counts at its last second: windows that begin so long ago are longer by far.
        """
        if span.length > 1:
            last = last_second(span)
            return self._oldest(after) < last and (after < 0 or last <= after)
        newest = max(self._seconds[-1], after) if self._seconds else span.start
        return after < span.start <= newest + 2 * KEPT

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
        lengths = scales(min(through - known[0] + 1, LONGEST) if known else 1)
        newest, cells = self._sum(through), self.layout.slices
        sums = newest - np.array([self._sum(through - length) for length in lengths])
        return Evidence(
            through=through,
            windows=Windows(lengths, sums[:, :-1].astype(np.int64)),
            past=self._past(through, known, since),
            counts_since={
                name: (newest - self._sum(second))[cells[name]].astype(np.int64)
                for name, second in since.items()
                if name in cells
            },
            rows=self.rows(through, lengths[-1]),
            minute_rows=self.rows(through, MINUTE_SECONDS),
            violations=self._broken_rules(through),
        )

    def _past(self, through: int, known: Sequence[int], since: Mapping[str, int]) -> Past:
        self._lent = max(self._lent, through)
        names = [column.name for column in self.layout.columns]
        return Past(
            known,
            self._sums[self._used][: len(known)],
            before=self._before,
            through=through,
            since=np.array([since.get(name, 0) for name in names], dtype=np.int64),
            exact_since=self._exact_since,
            memory=self._memory,
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

    def _oldest(self, after: int) -> int:
        return after - (LONGEST - KEPT)

    def _forget(self, after: int) -> None:
        """Forget rows that are in no window, and thin out older seconds once in some minutes."""
        old = bisect_right(self._seconds, self._oldest(after))
        if old:
            # Running sums stay as they are: a window is a difference, so it needs the sum before.
            self._before = self._sum(self._seconds[old - 1]).copy()
            del self._seconds[:old]
            self._used = slice(self._used.start + old, self._used.stop)
        minute = after // MINUTE * MINUTE - 1
        if minute - self._exact_since >= THINNED * MINUTE:
            self._thin(minute)

    def _thin(self, until: int) -> None:
        """Keep only the last second of each minute up to one."""
        end = bisect_right(self._seconds, until)
        minutes = np.array(self._seconds[:end], dtype=np.int64) // MINUTE
        last = np.append(minutes[1:] != minutes[:-1], True)[:end]
        kept = np.append(np.flatnonzero(last), np.arange(end, len(self._seconds)))
        for second in self._seconds[:end]:
            self._violations.pop(second, None)
        self._seconds = [self._seconds[place] for place in kept]
        self._sums = self._sums[self._used][kept]
        self._used, self._exact_since = slice(0, len(kept)), until

    def _add(self, spans: Sequence[Span]) -> None:
        """Add spans to the running sums from the first one's second on."""
        first = min(map(last_second, spans))
        place = bisect_left(self._seconds, first)
        known, before = self._seconds[place:], self._sum(first - 1).copy()
        seconds = sorted({*known, *map(last_second, spans)})
        # The sums so far for each second; a new second begins with the sum of the second before it.
        there = np.concatenate([before[None], self._sums[self._used][place:]])
        found = there[np.searchsorted(known, seconds, side="right")]
        found += np.cumsum(self._by_second(seconds, spans), axis=0, dtype=np.uint32)
        self._seconds[place:] = seconds
        self._write(place, found)

    def _by_second(self, seconds: Sequence[int], spans: Iterable[Span]) -> Sums:
        found: Sums = np.zeros((len(seconds), self.layout.size + 1), dtype=np.uint32)
        for span in spans:
            row = found[bisect_left(seconds, last_second(span))]
            row[span.cells] += np.array(span.counts, dtype=np.uint32)
            row[-1:] += np.uint32(span.rows)
            self._note_violations(span)
            if span.length > 1:
                self._exact_since = max(self._exact_since, last_second(span))
        return found

    def _note_violations(self, span: Span) -> None:
        for name, rows in span.violations.items():
            column, _, rule = name.rpartition("/")
            known = self._violations.setdefault(last_second(span), {})
            known[column, rule] = known.get((column, rule), 0) + rows

    def _write(self, place: int, sums: Sums) -> None:
        """Write running sums from a place on; enlarge the array if needed.

        Forgotten seconds leave unused rows at the array's begin. They are dropped only when it
        grows, and it grows by a quarter, so that a new second rarely copies the others.
        """
        if place < self._used.stop - self._used.start and self._seconds[place] <= self._lent:
            self._sums = self._sums.copy()  # Late counts: nobody may see sums change.
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
