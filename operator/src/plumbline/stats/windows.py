"""The windows that are evaluated: the last 1, 2, 3, 4, 6, 8, 12, ... seconds, up to a day."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import Counts

# 27 hours: the history that serving pods keep by minute.
LONGEST = 98_304
SCALES = (1, *sorted(n * 2**k for k in range(16) for n in (2, 3) if n * 2**k <= LONGEST))


class Windows(NamedTuple):
    """Counts of several windows that end with the same second.

    Attributes:
        seconds: length of each, shortest first.
        sums: the counts in each: [windows, layout.size].
    """

    seconds: tuple[int, ...]
    sums: Counts

    def up_to(self, seconds: int) -> "Windows":
        """Return the windows that are not longer."""
        number = bisect_right(self.seconds, seconds)
        return Windows(self.seconds[:number], self.sums[:number])


def scales(known: int) -> tuple[int, ...]:
    """Return the lengths of the windows of so many known seconds.

    The longest window has all known seconds. So a row that leaves a window is still in the next
    longer one, and an alarm does not end because the traffic ends.
    """
    return SCALES[: bisect_left(SCALES, known) + 1]


def windows(seconds: Sequence[Counts] | NDArray[np.int64]) -> Windows:
    """Return the windows of counts by second, oldest first: [seconds, layout.size]."""
    newest_first = np.asarray(seconds, dtype=np.int64)[::-1]
    lengths = scales(len(newest_first))
    return Windows(lengths, np.array([newest_first[:each].sum(axis=0) for each in lengths]))
