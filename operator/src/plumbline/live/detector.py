"""The evaluation of a model's counts: whether its rows are broken, and whether they have drifted.

An evaluation is a pure function from the previous state and the evidence to the next state and an
assessment. So it can run in any thread, and can be repeated. On the way, counts (`Evidence`) become
scores of columns (`ColumnScore`), a `Verdict` on the newest rows, and after hysteresis an
`Assessment`.

While no rows come there is nothing to evaluate, and the alarms continue with the last verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding
from plumbline.live.windows import KEPT, MINUTE_SECONDS, Evidence
from plumbline.stats import drift, hysteresis, stuck
from plumbline.stats.bins import PREDICTION, Layout
from plumbline.stats.broken import Broken, null_jumps, violations
from plumbline.stats.windows import Windows

# About MINUTE_SECONDS, the window in which `_broken` finds what is now only suspected.
SUSPICION_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on the newest rows, before hysteresis.

    Attributes:
        broken: rules that they break.
        differing: columns that differ from the reference.
        suspects: columns that may be broken.
    """

    broken: tuple[BrokenFinding, ...] = ()
    differing: frozenset[str] = frozenset()
    suspects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorState:
    """The state of a monitor's two alarms.

    Attributes:
        verdict: of the last evaluation.
        rules: the broken rules of the last evaluation that found any.
        broken_until: by column: the last second at which it was broken. Predictions on broken rows
            are meaningless, so with any broken column the predictions count as broken too.
        suspected_since: by column that differs: since when it is suspected of being broken.
    """

    verdict: Verdict = field(default_factory=Verdict)
    drifted: hysteresis.Alarm = field(default_factory=hysteresis.Alarm)
    broken: hysteresis.Alarm = field(default_factory=hysteresis.Alarm)
    rules: tuple[BrokenFinding, ...] = ()
    broken_until: Mapping[str, int] = field(default_factory=dict)
    suspected_since: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def resumed(monitor: DriftMonitor) -> "DetectorState":
        """Return the alarms as stored in the monitor's status.

        Otherwise every alarm would end when the operator restarts.
        """
        until = {one.column: int(one.until.timestamp()) for one in monitor.status.mended}
        standing = {c.type for c in monitor.status.conditions if c.status == "True"}
        return DetectorState(
            drifted=hysteresis.Alarm("Drifted" in standing),
            broken=hysteresis.Alarm("DataBroken" in standing),
            rules=tuple(
                BrokenFinding(column=one.column, rule=one.rule, rows=one.rows, of=one.of)
                for one in monitor.status.broken
            ),
            broken_until=until | ({PREDICTION: max(until.values())} if until else {}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDetector:
    """The settings with which one monitor evaluates one model.

    Attributes:
        model: digest of the model.
        layout: the columns of its reference.
        watched: names of the watched columns; empty for all.
        tolerate: population stability index up to which a difference is harmless.
        false_alarms_per_month: how many false alarms the user accepts.
    """

    model: str
    layout: Layout
    watched: frozenset[str] = frozenset()
    tolerate: float
    false_alarms_per_month: float

    @staticmethod
    def of(monitor: DriftMonitor, model: str, layout: Layout) -> "DriftDetector":
        """Return the detector with the settings of a monitor."""
        sensitivity = monitor.spec.sensitivity
        return DriftDetector(
            model=model,
            layout=layout,
            watched=frozenset(monitor.spec.columns),
            tolerate=sensitivity.tolerate,
            false_alarms_per_month=sensitivity.false_alarms_per_month,
        )

    def evaluate(
        self, state: DetectorState, evidence: Evidence
    ) -> tuple[DetectorState, Assessment]:
        """Evaluate all rows up to a second.

        Args:
            state: the state after the previous evaluation.
            evidence: the counts; columns that were broken are counted only from their recovery on.
        """
        alpha = drift.log_alpha(
            false_alarms_per_month=self.false_alarms_per_month, columns=len(self.layout.columns)
        )
        stuck_values = stuck.suspicions(self.layout, evidence.windows)
        broken = tuple(map(_broken_finding, self._broken(evidence, stuck_values, alpha)))
        state = _advance_broken(state, broken, evidence.through)
        windows = _since_recovery(self.layout, state, evidence)
        scores = self._scores(windows, alpha)
        lacking = {each.column for each in self._lacking(windows, alpha)}
        verdict = Verdict(
            broken=broken,
            differing=frozenset(score.name for score in scores if score.alarm),
            suspects=frozenset({each.column for each in stuck_values} | lacking),
        )
        state = replace(_advance_drift(state, verdict, evidence.through), verdict=verdict)
        assessment = Assessment(
            model=self.model,
            findings=tuple(map(_finding, scores)),
            window_rows=evidence.rows,
            unknown=tuple(sorted(self.watched - self.layout.slices.keys())),
        )
        return state, _with_alarms(assessment, state, evidence.through)

    def _lacking(self, windows: Windows, alpha: float) -> list[Broken]:
        """Return the columns with missing values in any window of the last minute."""
        minute = [length <= MINUTE_SECONDS for length in windows.seconds]
        last_minute = Windows(windows.seconds[: sum(minute)], windows.sums[minute])
        return null_jumps(self.layout, last_minute, log_alpha=alpha)

    def _scores(self, windows: Windows, alpha: float) -> list[drift.ColumnScore]:
        """Return the scores of the watched columns."""
        scores = drift.score(self.layout, windows, log_alpha=alpha, tolerate=self.tolerate)
        return [score for score in scores if not self.watched or score.name in self.watched]

    def _broken(
        self, evidence: Evidence, stuck_values: list[stuck.Suspicion], alpha: float
    ) -> list[Broken]:
        """Return the broken rules of the last minute, and the columns in which one value jumped."""
        if not evidence.minute_rows:
            return []
        found = violations(evidence.violations, rows=evidence.minute_rows, log_alpha=alpha)
        minute = [
            n for n, length in enumerate(evidence.windows.seconds) if length <= MINUTE_SECONDS
        ][-1:]
        last_minute = Windows((MINUTE_SECONDS,), evidence.windows.sums[minute])
        found += null_jumps(self.layout, last_minute, log_alpha=alpha)
        return found + stuck.value_jumps(stuck_values, log_alpha=alpha)


def advance_without_rows(
    state: DetectorState, before: Assessment, through: int
) -> tuple[DetectorState, Assessment]:
    """Advance the alarms by one evaluation without new rows: the last verdict stays.

    However many seconds have passed, they count as one evaluation of the alarms.
    """
    state = _advance_broken(state, state.verdict.broken, through)
    state = _advance_drift(state, state.verdict, through)
    return state, _with_alarms(before, state, through)


def recovered(state: DetectorState, through: int) -> dict[str, int]:
    """Return the columns that were broken and no longer are, and their last broken second."""
    return {name: until for name, until in state.broken_until.items() if until < through}


def _advance_broken(
    state: DetectorState, broken: tuple[BrokenFinding, ...], through: int
) -> DetectorState:
    """Advance the alarm of broken data."""
    alarm = hysteresis.advance(state.broken, alarmed=bool(broken))
    rules = broken or state.rules
    standing = rules if broken or alarm.is_on else ()
    columns = [*(one.column for one in standing), PREDICTION] if standing else []
    until = {**state.broken_until, **dict.fromkeys(columns, through)}
    return replace(state, broken=alarm, rules=rules, broken_until=until)


def _advance_drift(state: DetectorState, verdict: Verdict, through: int) -> DetectorState:
    """Advance the drift alarm by the columns that differ from the reference.

    - A column that is broken now does not count.
    - A column that is suspected of being broken (one frequent value, missing values) counts after
      a minute. By then it is known whether it is broken: no model may be trained on broken rows.
    - While any column is suspected, the predictions too count only after a minute.
    """
    suspects = {*verdict.suspects, PREDICTION} if verdict.suspects else set[str]()
    suspected = verdict.differing & (suspects | state.suspected_since.keys())
    since = {name: state.suspected_since.get(name, through) for name in suspected}
    delayed = {name for name, second in since.items() if through - second < SUSPICION_SECONDS}
    broken_now = {name for name, until in state.broken_until.items() if until == through}
    alarm = hysteresis.advance(
        state.drifted, alarmed=bool(verdict.differing - delayed - broken_now)
    )
    return replace(state, drifted=alarm, suspected_since=since)


def _since_recovery(layout: Layout, state: DetectorState, evidence: Evidence) -> Windows:
    """Return the windows; a column that was broken has in them only its rows since its recovery."""
    windows, sums = evidence.windows, evidence.windows.sums
    lengths = np.array(windows.seconds)
    for name, until in recovered(state, evidence.through).items():
        if (counts := evidence.counts_since.get(name)) is None:
            continue
        if sums is windows.sums:
            sums = sums.copy()
        too_long = lengths > evidence.through - until
        sums[too_long, layout.slices[name]] = counts
    return Windows(windows.seconds, sums)


def _recovered_in_window(state: DetectorState, through: int) -> tuple[tuple[str, int], ...]:
    """Return the columns whose broken rows are still in a window, oldest first."""
    found = [
        (name, until)
        for name, until in recovered(state, through).items()
        if through - KEPT < until and name != PREDICTION
    ]
    return tuple(sorted(found, key=lambda each: (each[1], each[0])))


def _with_alarms(found: Assessment, state: DetectorState, through: int) -> Assessment:
    return replace(
        found,
        drifted=state.drifted.is_on,
        broken=state.rules if state.broken.is_on else (),
        recovered=_recovered_in_window(state, through),
    )


def _finding(score: drift.ColumnScore) -> ColumnFinding:
    return ColumnFinding(
        name=score.name,
        score=round(score.score, 4),
        threshold=score.threshold,
        # A smaller one says nothing more, and it may be infinite, which JSON cannot hold.
        log10_p=round(max(score.log10_p, -9999.0), 2),
        rows=score.rows,
        alarm=score.alarm,
    )


def _broken_finding(found: Broken) -> BrokenFinding:
    return BrokenFinding(column=found.column, rule=found.rule, rows=found.rows, of=found.of)
