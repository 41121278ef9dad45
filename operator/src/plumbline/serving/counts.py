"""Counts live rows by second: a cheap note on the request's path, the work in the background.

Seconds are those of the epoch at which the request came. A second that has ended never changes, so
that whoever adds up the seconds of all pods gets the same sums however requests were spread.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.serving.rules import Rules
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.count import count

PREDICTION = "__prediction"
KEPT_SECONDS, FLUSH_SECONDS, BACKLOG = 4200, 0.5, 200_000
Columns = Mapping[str, NDArray[Any]]


@dataclass(slots=True)
class Second:
    """What came in one second."""

    cells: NDArray[np.int64]
    rows: int = 0
    broken: dict[str, int] = field(default_factory=dict)


class Counts:
    """Counts of this process since it started."""

    def __init__(
        self, content: Mapping[str, Any], *, clock: Callable[[], float] = time.time
    ) -> None:
        """Count by the reference and the rules of a model's description."""
        reference = content.get("reference") or {"columns": []}
        self.layout = Layout([ColumnBins.from_json(c) for c in reference["columns"]])
        self._rules, self._clock = Rules(content["features"]), clock
        self._classes = [str(name) for name in content.get("classes") or ()]
        self._noted: list[tuple[int, Columns, NDArray[np.float64] | None]] = []
        self._seconds: OrderedDict[int, Second] = OrderedDict()
        self._lock = threading.Lock()
        self.lost = 0

    def note(self, columns: Columns, answers: NDArray[np.float64] | None) -> None:
        """Remember rows and what was answered (None when another pod answered)."""
        if len(self._noted) < BACKLOG:
            self._noted.append((int(self._clock()), columns, answers))
        else:
            self.lost += _rows(columns)

    def flush(self) -> None:
        """Count what was noted."""
        with self._lock:
            noted, self._noted = self._noted, []
            for second, columns, answers in noted:
                self._add(second, columns, answers)
            while len(self._seconds) > KEPT_SECONDS:
                self._seconds.popitem(last=False)

    def since(self, second: int) -> tuple[int, list[dict[str, Any]]]:
        """Return the last second that has ended, and all ended ones after `second`."""
        through = int(self._clock()) - 1
        self.flush()
        with self._lock:
            found = [
                _wire(number, one)
                for number, one in self._seconds.items()
                if second < number <= through
            ]
        return through, found

    def _add(self, second: int, columns: Columns, answers: NDArray[np.float64] | None) -> None:
        one = self._seconds.get(second)
        if one is None:
            one = self._seconds[second] = Second(self.layout.zeros())
        batch = columns if answers is None else {**columns, PREDICTION: self._answered(answers)}
        one.cells += count(self.layout, batch)
        one.rows += _rows(columns)
        for rule, rows in self._rules.count(columns).items():
            one.broken[rule] = one.broken.get(rule, 0) + rows

    def _answered(self, answers: NDArray[np.float64]) -> NDArray[Any]:
        """Return what is watched of the answers, as the reference was made of it.

        A value, the probability of the second of two classes, or the likeliest of many classes.
        """
        if len(self._classes) <= 2:
            return answers[:, -1]
        names: NDArray[Any] = np.array(self._classes, dtype=object)
        return names[np.argmax(answers, axis=1)]

    def run(self, stop: threading.Event) -> None:
        """Flush now and then until stopped, and once more at the end."""
        while not stop.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _wire(number: int, one: Second) -> dict[str, Any]:
    cells = np.flatnonzero(one.cells)
    return {
        "e": number,
        "rows": one.rows,
        "i": cells.tolist(),
        "c": one.cells[cells].tolist(),
        "v": one.broken,
    }
