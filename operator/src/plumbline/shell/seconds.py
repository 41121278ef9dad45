"""Counts by second, added up over the pods of one model, and what they say about drift.

Only whole seconds that every pod has told of are judged, so that the same rows give the same
numbers however they were spread over replicas.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.plan.live import Assessment, BrokenFinding, ColumnFinding
from plumbline.stats import drift, episode
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.broken import Broken, null_jump, violations
from plumbline.stats.drift import SCALES

KEPT = SCALES[-1]
BROKEN_WINDOW = 64


@dataclass(slots=True)
class Second:
    """One second, summed over pods."""

    cells: NDArray[np.int64]
    rows: int = 0
    violations: dict[tuple[str, str], int] = field(default_factory=dict)


class Seconds:
    """The newest seconds of one model."""

    def __init__(self, reference: Iterable[Mapping[str, Any]]) -> None:
        """Count by the reference that the model was compiled with."""
        self.layout = Layout([ColumnBins.from_json(column) for column in reference])
        self._seconds: dict[int, Second] = {}

    def add(self, told: Iterable[Mapping[str, Any]], *, after: int = 0) -> int:
        """Add what one pod told.

        Args:
            told: seconds, and longer spans of what is long ago.
            after: what is not after this second is forgotten.

        Returns:
            Rows that came too late for their second to be judged.
        """
        late = 0
        for wire in told:
            if wire["e"] <= after or "s" in wire:
                late += wire["rows"]
            else:
                self._add(wire)
        for old in [second for second in self._seconds if second <= after]:
            del self._seconds[old]
        return late

    def _add(self, wire: Mapping[str, Any]) -> None:
        second = self._seconds.setdefault(wire["e"], Second(self.layout.zeros()))
        second.cells[wire["i"]] += np.array(wire["c"], dtype=np.int64)
        second.rows += wire["rows"]
        for name, rows in wire["v"].items():
            column, _, rule = name.rpartition("/")
            key = (column, rule)
            second.violations[key] = second.violations.get(key, 0) + rows

    def counts(self, through: int) -> NDArray[np.int64]:
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


@dataclass(slots=True)
class Watcher:
    """One monitor's look at a model's seconds, and the state of its two alarms."""

    model: str
    seconds: Seconds
    drifted: episode.Alarm = field(default_factory=episode.Alarm)
    broken: episode.Alarm = field(default_factory=episode.Alarm)
    rules: tuple[BrokenFinding, ...] = ()
    lost_before: int = 0

    @staticmethod
    def resumed(monitor: DriftMonitor, model: str, seconds: Seconds) -> "Watcher":
        """Return a watcher whose alarms stand as the monitor's status says.

        An operator that starts again must not take its first looks for the all-clear.
        """
        stands = {c.type for c in monitor.status.conditions if c.status == "True"}
        return Watcher(
            model,
            seconds,
            drifted=episode.Alarm("Drifted" in stands),
            broken=episode.Alarm("DataBroken" in stands),
            rules=tuple(
                BrokenFinding(column=one.column, rule=one.rule, rows=one.rows, of=one.of)
                for one in monitor.status.broken
            ),
            lost_before=monitor.status.rows_lost,
        )

    def look(self, monitor: DriftMonitor, *, through: int, lost: int) -> Assessment:
        """Judge everything up to a second."""
        sensitivity = monitor.spec.sensitivity
        alpha = drift.log_alpha(
            false_alarms_per_month=sensitivity.false_alarms_per_month,
            columns=len(self.seconds.layout.columns),
        )
        wrong = self._broken(through, alpha)
        self.broken = episode.advance(self.broken, alarmed=bool(wrong))
        if wrong:
            self.rules = tuple(map(_broken, wrong))
        counts = self.seconds.counts(through)
        scores = self._scores(monitor, counts, alpha, sensitivity.tolerate)
        told = {found.column for found in wrong}
        alarmed = any(score.alarm and score.name not in told for score in scores)
        self.drifted = episode.advance(self.drifted, alarmed=alarmed)
        return Assessment(
            model=self.model,
            drifted=self.drifted.standing,
            findings=tuple(_finding(score) for score in scores),
            broken=self.rules if self.broken.standing else (),
            window_rows=self.seconds.rows(through, KEPT),
            rows_lost=self.lost_before + lost,
        )

    def _scores(
        self, monitor: DriftMonitor, counts: NDArray[np.int64], alpha: float, tolerate: float
    ) -> list[drift.ColumnScore]:
        if not len(counts):
            return []
        scores = drift.score(self.seconds.layout, counts, log_alpha=alpha, tolerate=tolerate)
        watched = set(monitor.spec.columns)
        return [score for score in scores if not watched or score.name in watched]

    def _broken(self, through: int, alpha: float) -> list[Broken]:
        """Return the rules that the rows of the last minute break."""
        rows = self.seconds.rows(through, BROKEN_WINDOW)
        if not rows:
            return []
        found = violations(
            self.seconds.violations(through, BROKEN_WINDOW), rows=rows, log_alpha=alpha
        )
        return found + self._null_jumps(through, rows, alpha)

    def _null_jumps(self, through: int, rows: int, alpha: float) -> list[Broken]:
        cells = self.seconds.counts(through)[-BROKEN_WINDOW:].sum(axis=0)
        jumps = [
            null_jump(
                column,
                nulls=int(cells[self.seconds.layout.slices[column.name]][-1]),
                rows=rows,
                log_alpha=alpha,
            )
            for column in self.seconds.layout.columns
        ]
        return [jump for jump in jumps if jump is not None]


def _finding(score: drift.ColumnScore) -> ColumnFinding:
    return ColumnFinding(
        name=score.name,
        score=round(score.score, 4),
        threshold=score.threshold,
        log10_p=round(max(score.log10_p, -9999.0), 2),
        rows=score.rows,
        alarm=score.alarm,
    )


def _broken(found: Broken) -> BrokenFinding:
    return BrokenFinding(column=found.column, rule=found.rule, rows=found.rows, of=found.of)
