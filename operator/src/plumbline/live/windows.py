"""Counts by second, added up over the pods of one model.

Only whole seconds that every pod has reported are judged, so that the same rows give the same
numbers however they were spread over replicas.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract.control import Span
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.drift import SCALES

KEPT = SCALES[-1]


@dataclass(slots=True)
class Second:
    """One second, summed over pods."""

    cells: NDArray[np.int64]
    rows: int = 0
    violations: dict[tuple[str, str], int] = field(default_factory=dict)


class BucketedCounts:
    """Counts of one model's newest seconds."""

    def __init__(self, reference: Iterable[Mapping[str, Any]]) -> None:
        """Count by the reference that the model was compiled with."""
        self.layout = Layout([ColumnBins.from_json(column) for column in reference])
        self._seconds: dict[int, Second] = {}

    def fits(self, spans: Iterable[Span]) -> bool:
        """Tell whether spans count the cells of this model's reference."""
        return all(max(span.cells, default=0) < self.layout.size for span in spans)

    def add(self, spans: Iterable[Span], *, after: int = 0) -> int:
        """Add what one pod reported.

        Args:
            spans: seconds, and longer spans of what is long ago.
            after: what is not after this second is forgotten.

        Returns:
            Rows that came too late for their second to be judged.
        """
        late = 0
        for span in spans:
            if span.start <= after or span.length > 1:
                late += span.rows
            else:
                self._add(span)
        for old in [second for second in self._seconds if second <= after]:
            del self._seconds[old]
        return late

    def _add(self, span: Span) -> None:
        second = self._seconds.setdefault(span.start, Second(self.layout.zeros()))
        second.cells[span.cells] += np.array(span.counts, dtype=np.int64)
        second.rows += span.rows
        for name, rows in span.violations.items():
            column, _, rule = name.rpartition("/")
            key = (column, rule)
            second.violations[key] = second.violations.get(key, 0) + rows

    def by_second(self, through: int) -> NDArray[np.int64]:
        """Return the cells of each second up to `through`, oldest first; empty ones included."""
        known = [second for second in self._seconds if second <= through]
        first = max(min(known, default=through), through - KEPT + 1)
        nothing = self.layout.zeros()
        return np.array(
            [
                self._seconds[second].cells if second in self._seconds else nothing
                for second in range(first, through + 1)
            ]
        )

    def rows(self, through: int, seconds: int) -> int:
        """Return the rows of the last seconds."""
        return sum(one.rows for one in self._last(through, seconds))

    def violations(self, through: int, seconds: int) -> dict[tuple[str, str], int]:
        """Return the rows of the last seconds that break a rule, by column and rule."""
        found: dict[tuple[str, str], int] = {}
        for one in self._last(through, seconds):
            for key, rows in one.violations.items():
                found[key] = found.get(key, 0) + rows
        return found

    def _last(self, through: int, seconds: int) -> list[Second]:
        return [
            self._seconds[second]
            for second in range(through - seconds + 1, through + 1)
            if second in self._seconds
        ]
