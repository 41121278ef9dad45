"""What the seconds of a model say: whether its rows are broken, and whether they have moved."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding
from plumbline.live.windows import KEPT, BucketedCounts
from plumbline.stats import drift, episode, stuck
from plumbline.stats.bins import PREDICTION
from plumbline.stats.broken import Broken, null_jumps, violations

BROKEN_WINDOW, SUSPICION_SECONDS = 64, 60


@dataclass(slots=True)
class DriftDetector:
    """One monitor's judgement of a model's counts, and the state of its two alarms.

    Attributes:
        rules: what was broken when an evaluation last found something broken.
        broken_until: by column: the newest second at which it was taken for broken. What is
            predicted of broken rows says nothing, so predictions are in it with any other column.
        suspected: by column that alarms: since when it is suspected of being broken.
    """

    model: str
    counts: BucketedCounts
    drifted: episode.Alarm = field(default_factory=episode.Alarm)
    broken: episode.Alarm = field(default_factory=episode.Alarm)
    rules: tuple[BrokenFinding, ...] = ()
    broken_until: dict[str, int] = field(default_factory=dict)
    suspected: dict[str, int] = field(default_factory=dict)
    lost_before: int = 0

    @staticmethod
    def resumed(monitor: DriftMonitor, model: str, counts: BucketedCounts) -> "DriftDetector":
        """Return a detector whose alarms stand as the monitor's status says.

        An operator that starts again must not take its first evaluations for the all-clear.
        """
        ended = {one.column: int(one.until.timestamp()) for one in monitor.status.mended}
        stands = {c.type for c in monitor.status.conditions if c.status == "True"}
        return DriftDetector(
            model,
            counts,
            drifted=episode.Alarm("Drifted" in stands),
            broken=episode.Alarm("DataBroken" in stands),
            rules=tuple(
                BrokenFinding(column=one.column, rule=one.rule, rows=one.rows, of=one.of)
                for one in monitor.status.broken
            ),
            broken_until=ended | ({PREDICTION: max(ended.values())} if ended else {}),
            lost_before=monitor.status.rows_lost,
        )

    def evaluate(self, monitor: DriftMonitor, *, through: int, lost: int) -> Assessment:
        """Judge everything up to a second."""
        sensitivity = monitor.spec.sensitivity
        alpha = drift.log_alpha(
            false_alarms_per_month=sensitivity.false_alarms_per_month,
            columns=len(self.counts.layout.columns),
        )
        counts = self.counts.by_second(through)
        held = stuck.holdings(self.counts.layout, counts)
        self._judge_broken(self._broken(counts, held, through, alpha), through)
        scores = self._scores(monitor, counts, through, alpha)
        lacking = null_jumps(self.counts.layout, counts[-BROKEN_WINDOW:], log_alpha=alpha)
        suspects = {each.column for each in held} | {each.column for each in lacking}
        self._judge_drift(scores, suspects | ({PREDICTION} if suspects else set()), through)
        return Assessment(
            model=self.model,
            drifted=self.drifted.standing,
            findings=tuple(_finding(score) for score in scores),
            broken=self.rules if self.broken.standing else (),
            mended=self._mended(through),
            window_rows=self.counts.rows(through, KEPT),
            rows_lost=self.lost_before + lost,
            unknown=tuple(sorted(set(monitor.spec.columns) - self.counts.layout.slices.keys())),
        )

    def _judge_broken(self, wrong: list[Broken], through: int) -> None:
        self.broken = episode.advance(self.broken, alarmed=bool(wrong))
        if wrong:
            self.rules = tuple(map(_broken, wrong))
        known = self.rules if wrong or self.broken.standing else ()
        if known:
            self.broken_until |= dict.fromkeys(
                [*(one.column for one in known), PREDICTION], through
            )

    def _mended(self, through: int) -> tuple[tuple[str, int], ...]:
        """Return the columns that were broken so short ago that it still matters, oldest first."""
        ended = [
            (name, until)
            for name, until in self.broken_until.items()
            if through - KEPT < until < through and name != PREDICTION
        ]
        return tuple(sorted(ended, key=lambda each: (each[1], each[0])))

    def _judge_drift(
        self, scores: list[drift.ColumnScore], suspects: set[str], through: int
    ) -> None:
        """Advance the alarm by the columns that have moved.

        One that is broken has not moved. One that is suspected of it, by a value or missing ones
        that may be no more than an odd hour, gets some time for that to be settled, because what is
        broken must not be trained on; so do the predictions.
        """
        alarmed = {score.name for score in scores if score.alarm}
        known = alarmed & (suspects | self.suspected.keys())
        self.suspected = {name: self.suspected.get(name, through) for name in known}
        waiting = {n for n, at in self.suspected.items() if through - at < SUSPICION_SECONDS}
        wrong = {name for name, until in self.broken_until.items() if until == through}
        self.drifted = episode.advance(self.drifted, alarmed=bool(alarmed - waiting - wrong))

    def _scores(
        self, monitor: DriftMonitor, counts: NDArray[np.int64], through: int, alpha: float
    ) -> list[drift.ColumnScore]:
        """Judge the watched columns, each by its rows since it was last broken."""
        if not len(counts):
            return []
        for name, until in self.broken_until.items():
            cells = self.counts.layout.slices.get(name)
            if until < through and cells:
                counts[: max(0, len(counts) - (through - until)), cells] = 0
        tolerate = monitor.spec.sensitivity.tolerate
        scores = drift.score(self.counts.layout, counts, log_alpha=alpha, tolerate=tolerate)
        watched = set(monitor.spec.columns)
        return [score for score in scores if not watched or score.name in watched]

    def _broken(
        self, counts: NDArray[np.int64], held: list[stuck.Holding], through: int, alpha: float
    ) -> list[Broken]:
        """Return the rules that the rows of the last minute break, and the values that jumped."""
        rows = self.counts.rows(through, BROKEN_WINDOW)
        if not rows:
            return []
        found = violations(
            self.counts.violations(through, BROKEN_WINDOW), rows=rows, log_alpha=alpha
        )
        minute = counts[-BROKEN_WINDOW:].sum(axis=0, keepdims=True)
        found += null_jumps(self.counts.layout, minute, log_alpha=alpha)
        return found + stuck.value_jumps(held, log_alpha=alpha)


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
