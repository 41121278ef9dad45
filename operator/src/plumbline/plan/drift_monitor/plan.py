"""The plan of a DriftMonitor: report drift and broken data, and start one run per drift episode.

`findings` reads the newest assessment, `episode` holds the state of the episode, `decisions` makes
the conditions. The status changes with a finding or a response, or when more rows are lost; other
numbers alone do not change it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.api.objects import Manifest
from plumbline.api.plan import Plan
from plumbline.live.observations import Assessment
from plumbline.plan.common import conditions
from plumbline.plan.drift_monitor import decisions, episode, findings, retraining
from plumbline.plan.drift_monitor.decisions import MonitorState
from plumbline.plan.drift_monitor.episode import EpisodeState
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

__all__ = ["plan"]

REQUEUE_AFTER = timedelta(seconds=10)


def plan(snapshot: DriftMonitorSnapshot) -> Plan:
    """Return the plan for a DriftMonitor and its runs."""
    if snapshot.monitor.metadata.deletion_timestamp:
        return Plan()  # the runs stay: the monitor does not own them
    if snapshot.monitor.spec.suspend:
        return _only_status(snapshot, EpisodeState(status=snapshot.monitor.status), None)
    snapshot = _with_rows(snapshot)
    assessment = _newest_assessment(snapshot)
    episode_state = episode.state(snapshot, assessment)
    return replace(
        _only_status(snapshot, episode_state, assessment),
        create=_runs(snapshot, episode_state),
        events=(*findings.events(snapshot, assessment), *episode_state.events),
        requeue_at=_next_pass(snapshot, episode_state),
    )


def _with_rows(snapshot: DriftMonitorSnapshot) -> DriftMonitorSnapshot:
    """Return the snapshot without an assessment of zero rows, which would say `no drift`."""
    found = snapshot.assessment
    return replace(snapshot, assessment=None) if found and not found.window_rows else snapshot


def _newest_assessment(snapshot: DriftMonitorSnapshot) -> Assessment | None:
    """Return the newest assessment, if it is about the model that serves."""
    found = snapshot.assessment
    return found if found and found.model == episode.served_model(snapshot) else None


def _runs(snapshot: DriftMonitorSnapshot, episode_state: EpisodeState) -> tuple[Manifest, ...]:
    """Return the run to create; an earlier pass has stored its episode in the status."""
    current, response = episode_state.status.episode, episode_state.response
    if current is None or response is None or response.revision is None:
        return ()
    return (retraining.training_run(snapshot, current, revision=response.revision),)


def _only_status(
    snapshot: DriftMonitorSnapshot, episode_state: EpisodeState, assessment: Assessment | None
) -> Plan:
    """Return the plan that only writes the status."""
    status = findings.with_findings(episode_state.status, snapshot, assessment)
    state = MonitorState(
        snapshot=snapshot, episode=episode_state, status=status, assessment=assessment
    )
    decided = (
        decisions.watching(state),
        decisions.drifted(state),
        decisions.broken(state),
        decisions.suspect(state),
    )
    generation, found = snapshot.monitor.metadata.generation, conditions.of(*decided)
    return Plan(
        status=conditions.full_status(status, generation=generation, conditions=found),
        decisions=(*([episode_state.decision] if episode_state.decision else []), *decided),
    )


def _next_pass(snapshot: DriftMonitorSnapshot, episode_state: EpisodeState) -> datetime:
    """Return when the plan may change by time alone."""
    again = episode_state.response.again_at if episode_state.response else None
    usual = snapshot.now + REQUEUE_AFTER
    return min(usual, again) if again and again > snapshot.now else usual
