"""The watermark of a model: the second up to which all its pods have reported, and what is lost.

A pod reports whole seconds. Drift is judged up to the second that every pod has reported; a pod
that stays silent is waited for a few seconds only, and rows that it reports later join their
seconds while those are still judged (allowed lateness: `KEPT` seconds). A pod that ends of itself
reports everything before. What a killed pod served after its last report is lost with it: how much
that was is estimated from its newest rate.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plumbline.contract.control import ControlReply, Span
from plumbline.live.windows import KEPT

SILENT_SECONDS, RATE_SECONDS = 5.0, 5


@dataclass(slots=True)
class PodReport:
    """The newest report of a pod.

    Attributes:
        boot: which start of its process reported.
        through: last second that it has reported.
        rate: rows a second, in the newest seconds reported.
        uncounted: rows that it could not count itself.
        begun: its counts of seconds that had not ended yet.
        time: when it reported, in seconds of the epoch.
        until: when it stopped serving, as far as that is known.
    """

    boot: str
    through: int
    rate: float
    uncounted: int
    begun: Sequence[Span]
    time: float
    until: float = math.inf


class Watermark:
    """The pods of one model.

    Attributes:
        through: the watermark; zero before any pod has reported.
    """

    def __init__(self) -> None:
        """Know of no pod."""
        self._reports: dict[str, PodReport] = {}
        self._leftover: list[Span] = []
        self._lost = 0.0
        self.through = 0

    @property
    def lost(self) -> int:
        """Rows that were served and are in no count, as far as that can be told."""
        return round(self._lost)

    @property
    def after(self) -> int:
        """The last second that is not judged any more."""
        return int(self.through - KEPT)

    def since(self, pod: str) -> int:
        """Return what to ask a pod for: seconds after its last report, at first all of `KEPT`."""
        return self._reports[pod].through if pod in self._reports else -KEPT

    def report(self, pod: str, reply: ControlReply, *, now: float, late: int = 0) -> None:
        """Take in a pod's reply to a pull; `late` of its rows came too late to be judged."""
        before, uncounted = self._reports.get(pod), reply.totals.lost
        if before and before.boot == reply.boot:
            self._lost += uncounted - before.uncounted + late
        elif before:
            self._lose(before, until=now - reply.now + reply.started)
        self._reports[pod] = PodReport(
            boot=reply.boot,
            through=reply.through,
            rate=_rate(reply, before),
            uncounted=uncounted,
            begun=reply.begun,
            time=now,
            until=-math.inf if reply.ended else math.inf,
        )

    def refused(self, pod: str, *, now: float) -> None:
        """Note that nothing listens at the pod's address: its process has ended."""
        if report := self._reports.get(pod):
            report.until = min(report.until, now)

    def advance(self, alive: Iterable[str], *, now: float) -> None:
        """Move on to the second that all have reported, but for pods that ended or are silent."""
        for pod in set(self._reports) - set(alive):
            self._lose(self._reports.pop(pod), until=now)
        reported = [
            report.through
            for report in self._reports.values()
            if report.until > now and now - report.time < SILENT_SECONDS
        ]
        self.through = max(self.through, min(reported, default=self.through))

    def take_leftover(self) -> list[Span]:
        """Return, once, the counts of seconds that pods had begun when they ended."""
        leftover, self._leftover = self._leftover, []
        return leftover

    def _lose(self, report: PodReport, *, until: float) -> None:
        self._leftover.extend(report.begun)
        self._lost += report.rate * max(0.0, min(until, report.until) - report.time)


def _rate(reply: ControlReply, before: PodReport | None) -> float:
    """Return rows a second since the last report, over the newest seconds only."""
    first = reply.through - RATE_SECONDS
    if before and before.boot == reply.boot:
        if reply.through <= before.through:
            return before.rate
        first = max(first, before.through)
    rows = sum(span.rows for span in reply.seconds if span.start > first)
    return rows / (reply.through - first)
