"""The older counts of a live stream, from which is learnt how alike its rows are."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import Counts

MOST_WINDOWS, MINUTE = 128, 60
Sums = NDArray[np.uint32] | NDArray[np.int64]
Found = TypeVar("Found")


class OlderWindows(NamedTuple):
    """Windows of one length that do not overlap, newest first.

    Attributes:
        starts: the second after which each begins.
        counts: the counts in each: [windows, cells].
    """

    starts: NDArray[np.int64]
    counts: Counts


class Past:
    """Running sums at the ends of seconds, and at the ends of minutes before that.

    Attributes:
        through: the last second.
        since: by column: rows up to this second were broken, and show nothing.
        until: only rows up to this second show how alike rows are; later ones belong to an open
            episode of drift.
    """

    def __init__(
        self,
        seconds: Sequence[int],
        sums: Sums,
        *,
        before: Sums,
        through: int,
        since: NDArray[np.int64],
        exact_since: int = 0,
        memory: dict[Any, Any] | None = None,
    ) -> None:
        """Keep running sums.

        Args:
            seconds: seconds with rows.
            sums: running sums of all cells at the end of each: [seconds, cells].
            before: the running sum before the first.
            through: see the class.
            since: see the class.
            exact_since: second after which every second with rows has a sum.
            memory: what has been learnt from these counts before, see `remembered`.
        """
        self._seconds, self._sums, self._before = seconds, sums, before
        self._exact_since = exact_since
        self.through, self.since = through, since
        self.until = through
        self._memory = {} if memory is None else memory

    def learnt_until(self, until: int | None) -> "Past":
        """Return the same sums; only rows up to a second show how alike rows are."""
        found = copy(self)
        found.until = self.through if until is None else min(until, self.through)
        return found

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.asarray(self._seconds, dtype=np.int64)

    @property
    def _start(self) -> int:
        """Return the second before the first row."""
        return self._seconds[0] - 1 if len(self._seconds) else self.through

    @property
    def length(self) -> int:
        """Return the seconds since the first row."""
        return self.through - self._start

    def older(self, length: int) -> OlderWindows:
        """Return older windows; no window of this length that is evaluated now overlaps them.

        Their ends move in steps of half a length, so that they are computed anew only as often.
        At most 128 are returned, from the whole past: neighbouring windows are alike.
        """
        first = self._start if length >= MINUTE else max(self._start, self._exact_since)
        ends = np.arange(self.end(length), first + length - 1, -length)
        if len(ends) > MOST_WINDOWS:
            ends = ends[np.linspace(0, len(ends) - 1, MOST_WINDOWS).astype(np.int64)]
        return OlderWindows(ends - length, _difference(self._at(ends), self._at(ends - length)))

    def older_counts(self, length: int) -> Counts:
        """Return the counts in the older windows: [windows, cells]."""
        return self.older(length).counts

    def end(self, length: int) -> int:
        """Return the end of the newest of the older windows."""
        step = max(1, length // 2)
        return min(self.through - length, self.until) // step * step

    def before(self, length: int, *, after: int) -> Counts:
        """Return the counts of the rows after a second and before the newest window."""
        after = max(after, self._start)
        end = max(after, min(self.through - length, self.until))
        found = self._at(np.array([after, end]))
        return _difference(found[1], found[0])

    def remembered(self, length: int, learn: Callable[[OlderWindows], Found]) -> Found:
        """Return what the older windows of a length show; learn it only when they are new."""
        key = self.end(length), self.since.tobytes()
        known = self._memory.get(length)
        if known is None or known[0] != key:
            known = self._memory[length] = key, learn(self.older(length))
        return cast(Found, known[1])

    def _at(self, seconds: NDArray[np.int64]) -> Sums:
        places = np.searchsorted(self._ends, seconds, side="right")[:, None]
        if not len(self._sums):
            return cast(Sums, np.repeat(self._before[None], len(seconds), axis=0))
        sums = self._sums[np.maximum(places[:, 0] - 1, 0)]
        return cast(Sums, np.where(places > 0, sums, self._before))


def _difference(later: Sums, earlier: Sums) -> Counts:
    """Return counts; sums wrap around, and their difference does too."""
    return np.asarray(later - earlier).astype(np.int64)
