"""Replays the rows of a table through the code that evaluates live traffic, second by second.

What the operator does once a second (`shell/evaluations`) is done here for each second of the
table: count its rows, take the evidence, advance the detector. tests/unit/cli compares both.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plumbline.cli.references import as_array
from plumbline.cli.tables import Table
from plumbline.contract.control import Span
from plumbline.live.detector import (
    DetectorState,
    DriftDetector,
    Verdict,
    advance_without_rows,
    recovered,
)
from plumbline.live.observations import Assessment
from plumbline.live.windows import KEPT, BucketedCounts
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.count import count

# Seconds without rows after which the alarms no longer change, and seconds after the last row.
SETTLED, AFTERWARDS = 128, 64
MINUTE = 60


class Moment(NamedTuple):
    """The evaluation of one second.

    Attributes:
        second: of the epoch.
        rows: that have come so far.
        is_new: whether any came in this second.
        verdict: on the newest rows.
        found: the result.
    """

    second: int
    rows: int
    is_new: bool
    verdict: Verdict
    found: Assessment


class Settings(NamedTuple):
    """The settings of the monitor."""

    tolerate: float
    false_alarms_per_month: float
    watched: frozenset[str] = frozenset()


def moments(
    table: Table, seconds: NDArray[np.int64], bins: Iterable[ColumnBins], settings: Settings
) -> Iterator[Moment]:
    """Yield the evaluation of each second.

    Args:
        table: the rows in the order in which they come.
        seconds: the second of each row, of the epoch.
        bins: the reference.
        settings: of the monitor.
    """
    monitor = _Monitor([each.to_json() for each in bins], settings)
    rows = _Rows(table, monitor.layout)
    starts = np.flatnonzero(np.diff(seconds, prepend=-1))
    ends = np.append(starts[1:], len(seconds))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        second = int(seconds[start])
        yield from monitor.without_rows(until=second - 1, rows=start)
        yield monitor.with_rows(second, rows.span(second, slice(start, end)), end)
    yield from monitor.without_rows(until=int(seconds[-1]) + AFTERWARDS, rows=len(seconds))


class _Rows:
    """The values of a table, converted once for all seconds."""

    def __init__(self, table: Table, layout: Layout) -> None:
        columns = [each for each in layout.columns if each.name in table.types]
        self._layout = layout
        self._values = {each.name: as_array(table.frame[each.name], each) for each in columns}
        self._bad = {name: each.to_numpy() for name, each in table.bad.items()}

    def span(self, second: int, rows: slice) -> Span:
        """Return the counts that a serving pod would report of rows.

        A value of another type is an error of the sender, not drift, so it is left out.
        """
        batch = {name: values[rows] for name, values in self._values.items()}
        violations = {}
        for name, bad in self._bad.items():
            if (wrong := bad[rows]).any() and name in batch:
                violations[f"{name}/Type"] = int(np.count_nonzero(wrong))
                batch[name] = batch[name][~wrong]
        counts = count(self._layout, batch)
        cells = np.flatnonzero(counts)
        return Span(
            start=second,
            rows=rows.stop - rows.start,
            cells=cells.tolist(),
            counts=counts[cells].tolist(),
            violations=violations,
        )


class _Monitor:
    """A monitor, and the counts of its model's rows."""

    def __init__(self, reference: Iterable[Mapping[str, Any]], settings: Settings) -> None:
        self._counts, self._state = BucketedCounts(reference), DetectorState()
        self.layout = self._counts.layout
        self._detector = DriftDetector(model="", layout=self.layout, **settings._asdict())
        self._found: Assessment | None = None
        self._through = 0

    def with_rows(self, second: int, span: Span, rows: int) -> Moment:
        """Evaluate a second with rows."""
        self._counts.add([span], after=self._through - KEPT)
        self._through = second
        evidence = self._counts.evidence(second, since=recovered(self._state, second))
        self._state, self._found = self._detector.evaluate(self._state, evidence)
        return Moment(second, rows, True, self._state.verdict, self._found)

    def without_rows(self, *, until: int, rows: int) -> Iterator[Moment]:
        """Advance the alarms through seconds without rows; most of a long gap changes nothing."""
        begin = self._through
        while self._found and self._through < until:
            if self._through - begin >= SETTLED and self._is_settled():
                self._skip(until - 1)
            self._counts.add([], after=self._through - KEPT)
            self._through += 1
            self._state, self._found = advance_without_rows(self._state, self._found, self._through)
            yield Moment(self._through, rows, False, self._state.verdict, self._found)

    def _is_settled(self) -> bool:
        """Return whether the alarms are what the last verdict says."""
        alarms = (self._state.drifted, self._state.broken, self._state.suspect)
        return not any(alarm.against for alarm in alarms)

    def _skip(self, until: int) -> None:
        """Only thin out older counts, as live, once a minute."""
        for minute in range(self._through // MINUTE * MINUTE, until, MINUTE):
            self._counts.add([], after=minute - KEPT)
        self._through = max(self._through, until)
