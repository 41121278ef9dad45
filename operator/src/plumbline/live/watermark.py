"""The watermark of a model: the second up to which all its pods have reported, and the lost rows.

A pod reports complete seconds. Drift is evaluated up to the last second that every pod has
reported. A silent pod delays this for a few seconds only; rows that it reports later are added to
their seconds while these are still in a window (allowed lateness: `KEPT` seconds). A pod that ends
normally reports everything first. The rows of a killed pod after its last report are lost: their
number is estimated from its last rate.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plumbline.contract.control import ControlReply, Span
from plumbline.live.windows import KEPT
from plumbline.stats.windows import LONGEST

# A pod that is silent for longer no longer delays the evaluation of the others' rows.
SILENT_SECONDS = 5.0
RATE_SECONDS = 5
# Corrections of a clock by less than this are not reported.
CLOCK_SECONDS = 30


@dataclass(slots=True)
class PodReport:
    """The newest report of a pod.

    Attributes:
        boot: id of the start of its process.
        through: last second that it has reported.
        rate: rows per second, in the newest seconds reported.
        uncounted: rows that the pod itself could not count.
        clock_behind: seconds by which its clock went back; until they have passed, it reports
            nothing new.
        open_spans: its counts of seconds that were not over yet.
        time: when it reported (Unix time).
        until: when it stopped serving, if that is known.
    """

    boot: str
    through: int
    rate: float
    uncounted: int
    clock_behind: int
    open_spans: Sequence[Span]
    time: float
    until: float = math.inf


class Watermark:
    """The watermark over the pods of one model.

    Attributes:
        through: the watermark; zero before any pod has reported.
    """

    def __init__(self) -> None:
        """Start without pods."""
        self._reports: dict[str, PodReport] = {}
        self._leftover: list[Span] = []
        self._rows_lost = 0.0
        self.through = 0

    @property
    def rows_lost(self) -> int:
        """Rows that were served and are in no window: uncounted, late, or of killed pods."""
        return round(self._rows_lost)

    @property
    def after(self) -> int:
        """The last second that comes too late: older rows are kept by minute."""
        return int(self.through - KEPT)

    def since(self, pod: str) -> int:
        """Return the second after which to ask a pod; a negative number is so many seconds ago."""
        return self._reports[pod].through if pod in self._reports else -LONGEST

    def report(self, pod: str, reply: ControlReply, *, now: float, late: int = 0) -> None:
        """Add a pod's reply to a pull; `late` of its rows came too late for any window."""
        before, uncounted = self._reports.get(pod), reply.totals.lost
        if before and before.boot == reply.boot:
            self._rows_lost += uncounted - before.uncounted + late
        elif before:
            # How long ago the process started is a difference by the pod's own clock: no two clocks
            # need to agree.
            self._lose(before, until=now - (reply.now - reply.started))
        self._reports[pod] = PodReport(
            boot=reply.boot,
            through=reply.through,
            rate=_rate(reply, before),
            uncounted=uncounted,
            clock_behind=reply.through - reply.now,
            open_spans=reply.open_spans,
            time=now,
            # After its last report nothing can be lost, and the watermark need not wait for it.
            until=-math.inf if reply.is_last else math.inf,
        )

    def clocks_behind(self) -> dict[str, int]:
        """Return the pods whose clock went back, and until when they report nothing new."""
        return {
            pod: report.through
            for pod, report in self._reports.items()
            if report.clock_behind > CLOCK_SECONDS
        }

    def refused(self, pod: str, *, now: float) -> None:
        """Record that the pod refuses connections: its process has ended."""
        if report := self._reports.get(pod):
            report.until = min(report.until, now)

    def advance(self, alive: Iterable[str], *, now: float) -> None:
        """Advance to the second that all have reported, except pods that ended or are silent."""
        for pod in set(self._reports) - set(alive):
            self._lose(self._reports.pop(pod), until=now)
        self.through = max(self.through, min(self._reported(now), default=self.through))

    def is_ahead(self, *, now: float) -> bool:
        """Return whether a wrong clock put the watermark too far ahead of the pods' seconds."""
        return max(self._reported(now), default=self.through) <= self.after

    def take_leftover(self) -> list[Span]:
        """Return, only once, the counts of the seconds during which pods ended."""
        leftover, self._leftover = self._leftover, []
        return leftover

    def _reported(self, now: float) -> list[int]:
        """Return the last seconds reported by the pods that are waited for."""
        return [
            report.through
            for report in self._reports.values()
            if report.until > now and now - report.time < SILENT_SECONDS
        ]

    def _lose(self, report: PodReport, *, until: float) -> None:
        """Keep a pod's unfinished seconds, and estimate its rows after its last report."""
        self._leftover.extend(report.open_spans)
        self._rows_lost += report.rate * max(0.0, min(until, report.until) - report.time)


def _rate(reply: ControlReply, before: PodReport | None) -> float:
    """Return rows per second since the last report, over the newest seconds only."""
    first = reply.through - RATE_SECONDS
    if before and before.boot == reply.boot:
        if reply.through <= before.through:
            return before.rate
        first = max(first, before.through)
    rows = sum(span.rows for span in reply.spans if span.start > first)
    return rows / (reply.through - first)
