"""The counts over time: by second for the newest rows, then by minute, then by hour.

Hours are kept for a month. The memory is limited: for a model with very many columns, seconds are
merged into minutes earlier, and minutes into hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Length of a span and for how long such spans are kept, in seconds.
TIERS = ((1, 70 * 60), (60, 26 * 3600), (3600, 31 * 86_400))
KEPT_CELLS = 16_000_000


@dataclass(slots=True)
class Span:
    """The rows of a span of time.

    Attributes:
        start: first second, of the epoch.
        length: number of seconds.
        cells: rows by cell of the reference.
        broken: rows that break a rule, by `column/rule`.
    """

    start: int
    length: int
    cells: NDArray[np.uint32]
    rows: int = 0
    broken: dict[str, int] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """Last second."""
        return self.start + self.length - 1

    def add(self, cells: NDArray[Any], rows: int, broken: Mapping[str, int]) -> None:
        """Add rows."""
        np.add(self.cells, cells, out=self.cells, casting="unsafe")
        self.rows += rows
        for rule, count in broken.items():
            self.broken[rule] = self.broken.get(rule, 0) + count


class History:
    """Spans of all lengths.

    Attributes:
        forgotten: rows that were removed because they were older than the oldest hour.
    """

    def __init__(self, size: int) -> None:
        """Count in so many cells."""
        spans = sum(reach // length for length, reach in TIERS)
        share = min(1.0, KEPT_CELLS / (max(1, size) * spans))
        self._size, self._reaches = size, [int(reach * share) for _, reach in TIERS]
        self._tiers: list[dict[int, Span]] = [{} for _ in TIERS]
        self.forgotten = 0

    def at(self, second: int, *, tier: int = 0) -> Span:
        """Return the span that a second belongs to."""
        length = TIERS[tier][0]
        start = second - second % length
        if (span := self._tiers[tier].get(start)) is None:
            nothing = np.zeros(self._size, dtype=np.uint32)
            span = self._tiers[tier][start] = Span(start, length, nothing)
        return span

    def age(self, now: int) -> None:
        """Merge old spans into longer ones, which begin at the same seconds in all pods."""
        for tier, spans in enumerate(self._tiers):
            longer = TIERS[min(tier + 1, len(TIERS) - 1)][0]
            end = (now - self._reaches[tier]) // longer * longer
            for start in [start for start in spans if start < end]:
                self._merge(spans.pop(start), tier + 1)

    def _merge(self, old: Span, tier: int) -> None:
        if tier == len(TIERS):
            self.forgotten += old.rows
        else:
            self.at(old.start, tier=tier).add(old.cells, old.rows, old.broken)

    def after(self, second: int, through: int) -> Iterator[Span]:
        """Return the spans that end after `second` and not after `through`, oldest first."""
        for (length, _), spans in zip(reversed(TIERS), reversed(self._tiers), strict=True):
            before = length - 1
            for start in sorted(s for s in spans if second < s + before <= through):
                yield spans[start]
