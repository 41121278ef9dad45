"""Counts live rows by second: a request only adds its rows to a queue, a thread counts them.

A row counts in the second of the epoch at which its request came. A second that was reported never
changes. So the sums over all pods do not depend on which pod got which request.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract import control
from plumbline.contract.model_json import Description
from plumbline.serving.history import History, Span
from plumbline.serving.row_batches import Columns, RowBatch, comparable, gathered
from plumbline.serving.rules import Rules
from plumbline.stats.bins import PREDICTION, ColumnBins, Layout
from plumbline.stats.count import count

FLUSH_SECONDS, BACKLOG, PAGE = 0.5, 8_000_000, 300_000


class Counts:
    """Counts of rows since this process started.

    Attributes:
        ended: whether the last row has come.
        lost: rows that came too fast to be counted.
    """

    def __init__(self, content: Description, *, clock: Callable[[], float] = time.time) -> None:
        """Count by the reference and the rules of a model's description."""
        self.layout = Layout([ColumnBins.from_json(column) for column in content.columns])
        self.history = History(self.layout.size)
        self._rules, self._clock = Rules(content.features), clock
        self._classes = [str(name) for name in content.classes or ()]
        self._noted: deque[RowBatch] = deque()
        self._values = self._reported = 0
        self.ended = False
        self._lock = threading.Lock()
        self.lost = 0

    def note(self, columns: Columns, answers: NDArray[np.float64] | None) -> None:
        """Add rows and their predictions to the queue; None if another pod predicted them."""
        batch = RowBatch(int(self._clock()), columns, answers)
        if self._values < BACKLOG:
            self._values += batch.rows * len(columns)
            self._noted.append(batch)
        else:
            self.lost += batch.rows

    def flush(self) -> None:
        """Count the rows in the queue."""
        with self._lock:
            noted = [self._noted.popleft() for _ in range(len(self._noted))]
            for batch in gathered(noted):
                self._add(batch)
            self._values = 0
            self.history.age(int(self._clock()))

    def finish(self) -> None:
        """Count the rows in the queue, and report the current second too: it was the last one."""
        self.flush()
        self.ended = True

    def since(self, second: int) -> tuple[int, list[control.Span]]:
        """Return the last second that is reported now, and the spans after `second` up to it.

        The reply has a limited size: ask again from its last second. Older rows are in spans of a
        minute or an hour; a span that contains `second` is returned too.

        Args:
            second: of the epoch; when negative, so many seconds ago.
        """
        newest = max(self._reported, int(self._clock()) - (not self.ended))
        self.flush()
        with self._lock:
            self._reported = newest
            found, room = [], PAGE
            for span in self.history.after(second if second >= 0 else newest + second, newest):
                found.append(_wire(span))
                room -= len(found[-1].cells)
                if room < 0:
                    return span.last, found
        return newest, found

    def begun(self) -> list[control.Span]:
        """Return the rows of the seconds that are not reported yet; they may still change."""
        with self._lock:
            return [_wire(span) for span in self.history.after(self._reported, self._reported + 2)]

    def _add(self, batch: RowBatch) -> None:
        """Count rows; a reported second never changes, so a late row joins the next one."""
        columns, wrong = dict(batch.columns), self._rules.broken(batch.columns)
        if batch.answers is not None:
            columns[PREDICTION] = self._answered(batch.answers)
        cells = count(self.layout, comparable(columns, wrong))
        broken = {rule: int(np.count_nonzero(rows)) for rule, rows in wrong.items()}
        self.history.at(max(batch.second, self._reported + 1)).add(cells, batch.rows, broken)

    def _answered(self, answers: NDArray[np.float64]) -> NDArray[Any]:
        """Return the predictions in the form of the reference for drift.

        For a regression it is the value, for two classes the probability of the second, for more
        classes the likeliest class.
        """
        if len(self._classes) <= 2:
            return answers[:, -1]
        names = np.array(self._classes, dtype=object)
        found = np.asarray(names[np.argmax(answers, axis=1)])
        found[np.isnan(answers).any(axis=1)] = None
        return found

    def run(self, stop: threading.Event) -> None:
        """Flush regularly until stopped, and once more at the end."""
        while not stop.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()


def _wire(span: Span) -> control.Span:
    """Return a span in the form of the reply."""
    cells = np.flatnonzero(span.cells)
    return control.Span(
        start=span.start,
        length=span.length,
        rows=span.rows,
        cells=cells.tolist(),
        counts=span.cells[cells].tolist(),
        violations=dict(span.broken),
    )
