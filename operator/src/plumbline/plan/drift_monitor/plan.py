"""The plan of a DriftMonitor: report drift and broken data, and start one run per drift episode.

`verdict` reads the newest assessment, `episode` holds the state of the episode, `decisions` makes
the conditions. The status is written when a verdict or a response changes, never for a number only.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.api.objects import Manifest
from plumbline.api.plan import Plan
from plumbline.live.observations import Assessment
from plumbline.plan.common import conditions
from plumbline.plan.drift_monitor import decisions, episode, retraining, verdict
from plumbline.plan.drift_monitor.decisions import After
from plumbline.plan.drift_monitor.episode import EpisodeState
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

__all__ = ["plan"]

REQUEUE_AFTER = timedelta(seconds=10)


def plan(snapshot: DriftMonitorSnapshot) -> Plan:
    """Return the plan for a DriftMonitor and its runs."""
    if snapshot.monitor.metadata.deletion_timestamp:
        return Plan()
    if snapshot.monitor.spec.suspend:
        return _say(snapshot, EpisodeState(status=snapshot.monitor.status), None)
    snapshot = _with_rows(snapshot)
    assessment = _newest_assessment(snapshot)
    now = episode.state(snapshot, assessment)
    return replace(
        _say(snapshot, now, assessment),
        create=_runs(snapshot, now),
        events=(*verdict.events(snapshot, assessment), *now.events),
        requeue_at=_next_pass(snapshot, now),
    )


def _with_rows(snapshot: DriftMonitorSnapshot) -> DriftMonitorSnapshot:
    """Return the snapshot without an assessment of zero rows: it does not even mean `no drift`."""
    found = snapshot.assessment
    return replace(snapshot, assessment=None) if found and not found.window_rows else snapshot


def _newest_assessment(snapshot: DriftMonitorSnapshot) -> Assessment | None:
    """Return the newest assessment, if it is about the model that serves."""
    found = snapshot.assessment
    return found if found and found.model == episode.serving(snapshot) else None


def _runs(snapshot: DriftMonitorSnapshot, now: EpisodeState) -> tuple[Manifest, ...]:
    """Return the run to create; an earlier pass has stored its episode in the status."""
    if now.status.episode is None or now.response is None or now.response.revision is None:
        return ()
    revision = now.response.revision
    return (retraining.training_run(snapshot, now.status.episode, revision=revision),)


def _say(snapshot: DriftMonitorSnapshot, now: EpisodeState, assessment: Assessment | None) -> Plan:
    """Return the plan that only writes the status."""
    status = verdict.with_verdict(now.status, snapshot, assessment)
    after = After(snapshot=snapshot, now=now, status=status, assessment=assessment)
    told = (decisions.watching(after), decisions.drifted(after), decisions.broken(after))
    generation, found = snapshot.monitor.metadata.generation, conditions.of(*told)
    return Plan(
        status=conditions.full_status(status, generation=generation, conditions=found),
        decisions=(*([now.decision] if now.decision else []), *told),
    )


def _next_pass(snapshot: DriftMonitorSnapshot, now: EpisodeState) -> datetime:
    """Return when the plan may change by time alone."""
    again = now.response.again_at if now.response else None
    usual = snapshot.now + REQUEUE_AFTER
    return min(usual, again) if again and again > snapshot.now else usual
