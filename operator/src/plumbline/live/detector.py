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
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding, SuspectFinding
from plumbline.live.windows import MINUTE_SECONDS, Evidence
from plumbline.stats import drift, hysteresis, nulls, stuck, suspect
from plumbline.stats.bins import PREDICTION, Layout
from plumbline.stats.broken import STRAY_SHARE, Broken, log_binomial_tail, null_jumps, violations
from plumbline.stats.confirmation import has_learnt
from plumbline.stats.past import Past
from plumbline.stats.windows import LONGEST, Windows

# About MINUTE_SECONDS, the window in which `_broken` finds what is now only suspected.
SUSPICION_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on the newest rows, before hysteresis.

    Attributes:
        broken: rules that they break.
        differing: columns that differ from the reference.
        seconds: length of the shortest window that shows it.
        suspects: columns that may be broken.
        suspicions: changes that are probably faults.
    """

    broken: tuple[BrokenFinding, ...] = ()
    differing: frozenset[str] = frozenset()
    seconds: int = 0
    suspects: frozenset[str] = frozenset()
    suspicions: tuple[SuspectFinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorState:
    """The state of a monitor's three alarms.

    Attributes:
        verdict: of the last evaluation.
        rules: the broken rules of the last evaluation that found any.
        broken_until: by column: the last second at which it was broken. Predictions on broken rows
            are meaningless, so with any broken column the predictions count as broken too.
        suspicions: the suspicions of the last evaluation that found any.
        faulty_since: second before rows that are broken or suspect; None if none are.
        drifting_since: second before the window that opened the alarm of drift; None without one.
        suspected_since: by column that differs: since when it is suspected of being broken.
    """

    verdict: Verdict = field(default_factory=Verdict)
    drifted: hysteresis.Alarm = field(default_factory=hysteresis.Alarm)
    broken: hysteresis.Alarm = field(default_factory=hysteresis.Alarm)
    suspect: hysteresis.Alarm = field(default_factory=hysteresis.Alarm)
    rules: tuple[BrokenFinding, ...] = ()
    suspicions: tuple[SuspectFinding, ...] = ()
    faulty_since: int | None = None
    broken_until: Mapping[str, int] = field(default_factory=dict)
    drifting_since: int | None = None
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
            suspect=hysteresis.Alarm("Suspect" in standing),
            suspicions=tuple(SuspectFinding(**one.model_dump()) for one in monitor.status.suspects),
            rules=tuple(
                BrokenFinding(column=one.column, rule=one.rule, rows=one.rows, of=one.of)
                for one in monitor.status.broken
            ),
            drifting_since=_beginning(monitor) if "Drifted" in standing else None,
            broken_until=until | ({PREDICTION: max(until.values())} if until else {}),
        )


def _beginning(monitor: DriftMonitor) -> int | None:
    """Return a second before the episode; its first window is not stored, so a minute is taken."""
    episode = monitor.status.episode
    return int(episode.since.timestamp()) - MINUTE_SECONDS if episode else None


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
        past = evidence.past.learnt_until(_last_sound(state))
        stuck_values = stuck.suspicions(self.layout, evidence.windows)
        broken = tuple(map(_broken_finding, self._broken(evidence, stuck_values, past, alpha)))
        state = _advance_broken(state, broken, evidence.through)
        windows = _since_recovery(self.layout, state, evidence)
        scores = self._scores(windows, evidence.past.learnt_until(_last_usual(state)), alpha)
        found = self._suspects(windows, past, alpha)
        lacking = {each.column for each in self._lacking(windows, alpha)}
        verdict = Verdict(
            broken=broken,
            differing=frozenset(score.name for score in scores if score.alarm),
            seconds=min((score.seconds for score in scores if score.alarm), default=0),
            suspects=frozenset({each.column for each in stuck_values} | lacking),
            suspicions=tuple(map(_suspect_finding, found)),
        )
        state = _advance_suspect(state, verdict.suspicions)
        state = _with_fault(state, evidence.through, [each.seconds for each in found])
        state = replace(_advance_drift(state, verdict, evidence.through), verdict=verdict)
        assessment = Assessment(
            model=self.model,
            findings=tuple(map(_finding, scores)),
            window_rows=evidence.rows,
            is_learning=self._is_learning(evidence),
            unknown=tuple(sorted(self.watched - self.layout.slices.keys())),
        )
        return state, _with_alarms(assessment, state, evidence.through)

    def _is_learning(self, evidence: Evidence) -> bool:
        """Return whether the live rows of a watched column do not show yet how alike they are."""
        if not self.layout.columns:
            return False
        learnt = has_learnt(self.layout.table, evidence.windows, evidence.past)
        names = [column.name for column in self.layout.columns]
        watched = [not self.watched or name in self.watched for name in names]
        return not bool(learnt[watched].all())

    def _suspects(self, windows: Windows, past: Past, alpha: float) -> list[suspect.Suspect]:
        """Return the changes of the watched columns that are probably faults."""
        found = suspect.suspects(self.layout, windows, past.older_counts, log_alpha=alpha)
        return [each for each in found if not self.watched or each.column in self.watched]

    def _lacking(self, windows: Windows, alpha: float) -> list[Broken]:
        """Return the columns with missing values in any window of the last minute."""
        return null_jumps(self.layout, windows.up_to(MINUTE_SECONDS), log_alpha=alpha)

    def _surely_lacking(self, windows: Windows, alpha: float) -> list[Broken]:
        """Return the columns with missing values that are broken.

        Where the reference has no missing value, some seconds show it, unless its rows come in
        spells; elsewhere a minute is needed.
        """
        minute = Windows((MINUTE_SECONDS,), windows.up_to(MINUTE_SECONDS).sums[-1:])
        found = {each.column: each for each in null_jumps(self.layout, minute, log_alpha=alpha)}
        soon = {e.column: e for e in self._lacking(windows, alpha) if self._is_new(e, alpha)}
        return list((soon | found).values())

    def _is_new(self, found: Broken, alpha: float) -> bool:
        """Return whether so many missing values are new, if they come as alike as other values."""
        place = list(self.layout.slices).index(found.column)
        alike = self.layout.table.overdispersion(np.array([place]), np.array([found.of]))
        chance = log_binomial_tail(found.rows / found.of, found.of / float(alike[0]), STRAY_SHARE)
        return not self.layout.columns[place].counts[-1] and chance < alpha

    def _scores(self, windows: Windows, past: Past, alpha: float) -> list[drift.ColumnScore]:
        """Return the scores of the watched columns."""
        scores = drift.score(
            self.layout, windows, log_alpha=alpha, tolerate=self.tolerate, past=past
        )
        return [score for score in scores if not self.watched or score.name in self.watched]

    def _broken(
        self, evidence: Evidence, stuck_values: list[stuck.Suspicion], past: Past, alpha: float
    ) -> list[Broken]:
        """Return the broken rules of the last minute, and the columns in which one value jumped."""
        if not evidence.minute_rows:
            return []
        found = violations(evidence.violations, rows=evidence.minute_rows, log_alpha=alpha)
        jumps = self._surely_lacking(evidence.windows, alpha)
        jumps += stuck.value_jumps(stuck_values, log_alpha=alpha)
        found += nulls.unusual(self.layout, jumps, past.older_counts)
        return found + self._more_lacking(evidence.windows, past, found, alpha)

    def _more_lacking(
        self, windows: Windows, past: Past, found: list[Broken], alpha: float
    ) -> list[Broken]:
        """Return the columns with more missing values than in the reference that are not broken."""
        minute = windows.up_to(MINUTE_SECONDS)
        rises = nulls.null_rises(self.layout, minute, past.older_counts, log_alpha=alpha)
        return [each for each in rises if each.column not in {one.column for one in found}]


def advance_without_rows(
    state: DetectorState, before: Assessment, through: int
) -> tuple[DetectorState, Assessment]:
    """Advance the alarms by one evaluation without new rows: the last verdict stays.

    However many seconds have passed, they count as one evaluation of the alarms.
    """
    state = _advance_broken(state, state.verdict.broken, through)
    state = _advance_suspect(state, state.verdict.suspicions)
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


def _advance_suspect(state: DetectorState, suspicions: tuple[SuspectFinding, ...]) -> DetectorState:
    """Advance the alarm of suspect data, which one evaluation opens: it only asks a person."""
    alarm = hysteresis.advance(state.suspect, alarmed=bool(suspicions))
    if suspicions and not alarm.is_on:
        alarm = hysteresis.Alarm(is_on=True)
    return replace(state, suspect=alarm, suspicions=suspicions or state.suspicions)


def _with_fault(state: DetectorState, through: int, lengths: list[int]) -> DetectorState:
    """Remember since when rows are broken or suspect: older windows end before them."""
    now = bool(lengths) or through in state.broken_until.values()
    if not (now or state.suspect.is_on):
        return replace(state, faulty_since=None)
    if state.faulty_since is not None:
        return state
    return replace(state, faulty_since=through - max(lengths, default=1) - 1)


def _last_sound(state: DetectorState) -> int | None:
    """Return the last second before rows that are drifting, broken or suspect; None if none are."""
    known = [each for each in (state.drifting_since, state.faulty_since) if each is not None]
    return min(known, default=None)


def _last_usual(state: DetectorState) -> int | None:
    """Return the last second before rows that drift, or that would if they were not suspected."""
    suspected = [second - SUSPICION_SECONDS for second in state.suspected_since.values()]
    began = [] if state.drifting_since is None else [state.drifting_since]
    return min(began + suspected, default=None)


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
    alarmed = bool(verdict.differing - delayed - broken_now)
    alarm = hysteresis.advance(state.drifted, alarmed=alarmed, seconds=verdict.seconds)
    began = state.drifting_since
    if alarm.is_on != state.drifted.is_on:
        began = through - verdict.seconds - hysteresis.OPEN_AFTER if alarm.is_on else None
    return replace(state, drifted=alarm, drifting_since=began, suspected_since=since)


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
        if through - LONGEST < until and name != PREDICTION
    ]
    return tuple(sorted(found, key=lambda each: (each[1], each[0])))


def _with_alarms(found: Assessment, state: DetectorState, through: int) -> Assessment:
    return replace(
        found,
        drifted=state.drifted.is_on,
        broken=state.rules if state.broken.is_on else (),
        suspects=state.suspicions if state.suspect.is_on else (),
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


def _suspect_finding(found: suspect.Suspect) -> SuspectFinding:
    return SuspectFinding(
        column=found.column, rule=found.rule, saw=found.saw, rows=found.rows, of=found.of
    )


def _broken_finding(found: Broken) -> BrokenFinding:
    return BrokenFinding(column=found.column, rule=found.rule, rows=found.rows, of=found.of)
