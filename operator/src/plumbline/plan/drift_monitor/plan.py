"""The plan of a DriftMonitor: tell what has changed, and answer an episode of drift with one run.

`verdict` says what to tell of the newest look, `course` how the episode stands, `conditions` what
to say of it. Status is written when a verdict or an answer changes, never for a number alone.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from plumbline.api.objects import Manifest
from plumbline.api.plan import Plan
from plumbline.live.observations import Assessment
from plumbline.plan.common.status import whole
from plumbline.plan.drift_monitor import episode as drift_episode
from plumbline.plan.drift_monitor import retraining as drift_run
from plumbline.plan.drift_monitor import verdict
from plumbline.plan.drift_monitor.conditions import conditions
from plumbline.plan.drift_monitor.episode_state import Course, course
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

__all__ = ["plan"]

LOOK_AGAIN = timedelta(seconds=10)


def plan(snapshot: DriftMonitorSnapshot) -> Plan:
    """Return what should be true of a DriftMonitor and its runs."""
    if snapshot.monitor.metadata.deletion_timestamp:
        return Plan()
    if snapshot.monitor.spec.suspend:
        return Plan(status=_status(snapshot, Course(status=snapshot.monitor.status), None))
    snapshot = _with_rows(snapshot)
    looked = _newest_look(snapshot)
    now = course(snapshot, looked)
    return Plan(
        create=_runs(snapshot, now),
        status=_status(snapshot, now, looked),
        events=(*verdict.events(snapshot, looked), *now.events),
        requeue_at=_next_look(snapshot, now),
    )


def _with_rows(snapshot: DriftMonitorSnapshot) -> DriftMonitorSnapshot:
    """Return the snapshot without a look that saw no row: it says nothing, least of all `clear`."""
    looked = snapshot.assessment
    return replace(snapshot, assessment=None) if looked and not looked.window_rows else snapshot


def _newest_look(snapshot: DriftMonitorSnapshot) -> Assessment | None:
    """Return the newest look, if it is about the model that serves."""
    looked = snapshot.assessment
    return looked if looked and looked.model == drift_episode.serving(snapshot) else None


def _runs(snapshot: DriftMonitorSnapshot, now: Course) -> tuple[Manifest, ...]:
    """Return the run to make; its episode stands in the stored status since an earlier pass."""
    if now.status.episode is None or now.answer is None or now.answer.revision is None:
        return ()
    episode, revision = now.status.episode, now.answer.revision
    return (drift_run.training_run(snapshot, episode, revision=revision),)


def _status(
    snapshot: DriftMonitorSnapshot, now: Course, looked: Assessment | None
) -> dict[str, Any]:
    after = verdict.noted(now.status, snapshot, looked)
    found = conditions(snapshot, now, after, looked)
    return whole(after, generation=snapshot.monitor.metadata.generation, conditions=found)


def _next_look(snapshot: DriftMonitorSnapshot, now: Course) -> datetime:
    """Return when time alone may change something."""
    again = now.answer.again_at if now.answer else None
    usual = snapshot.now + LOOK_AGAIN
    return min(usual, again) if again and again > snapshot.now else usual
