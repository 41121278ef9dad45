"""The windows that are evaluated: the last 1, 2, 4, ... 4096 seconds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import Counts

SCALES = tuple(2**k for k in range(13))


class Windows(NamedTuple):
    """Counts of several windows that end with the same second.

    Attributes:
        seconds: length of each, shortest first.
        sums: the counts in each: [windows, layout.size].
    """

    seconds: tuple[int, ...]
    sums: Counts


def scales(known: int) -> tuple[int, ...]:
    """Return the lengths of the windows of so many known seconds.

    The longest window has all known seconds. So a row that leaves a window is still in the next
    longer one, and an alarm does not end because the traffic ends.
    """
    return tuple(scale for scale in SCALES if scale // 2 < known)


def windows(seconds: Sequence[Counts] | NDArray[np.int64]) -> Windows:
    """Return the windows of counts by second, oldest first: [seconds, layout.size]."""
    newest_first = np.asarray(seconds, dtype=np.int64)[::-1]
    lengths = scales(len(newest_first))
    return Windows(lengths, np.array([newest_first[:each].sum(axis=0) for each in lengths]))
