"""What the object says of itself: whether it watches, whether live data drifted or is broken."""

from plumbline.api.objects import Manifest
from plumbline.api.reasons import DriftMonitorReason as Reason
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus
from plumbline.live.observations import Assessment
from plumbline.plan.common.conditions import READY, condition, held, ready, stalled, working
from plumbline.plan.common.status import condition_of
from plumbline.plan.drift_monitor import episode as drift_episode
from plumbline.plan.drift_monitor.episode_state import Course
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot
from plumbline.plan.drift_monitor.verdict import (
    DATA_BROKEN,
    DRIFTED,
    TOLD,
    broken_words,
    drift_words,
    was,
)


def conditions(
    snapshot: DriftMonitorSnapshot,
    now: Course,
    after: DriftMonitorStatus,
    looked: Assessment | None,
) -> list[Manifest]:
    """Return every condition."""
    return [
        *_watching(snapshot, looked),
        _drifted(snapshot, now, after, looked),
        _broken(snapshot, after, looked),
    ]


def _watching(snapshot: DriftMonitorSnapshot, looked: Assessment | None) -> list[Manifest]:
    spec = snapshot.monitor.spec
    name = spec.deployment_ref.name
    if spec.suspend:
        return held(Reason.SUSPENDED, "suspend is set: nothing is watched and nothing is trained")
    if snapshot.deployment is None:
        message = f"ModelDeployment {name} does not exist yet"
        return working(Reason.WAITING_FOR_DEPLOYMENT, message)
    if snapshot.deployment.status.stable is None:
        return working(Reason.WAITING_FOR_DEPLOYMENT, f"ModelDeployment {name} serves nothing yet")
    if spec.response.mode == "Retrain" and snapshot.template is None:
        template = spec.response.template_ref.name if spec.response.template_ref else ""
        message = f"TrainingTemplate {template} does not exist: drift would not be answered"
        return working(Reason.WAITING_FOR_TEMPLATE, message)
    return _works(snapshot, looked)


def _works(snapshot: DriftMonitorSnapshot, looked: Assessment | None) -> list[Manifest]:
    name = snapshot.monitor.spec.deployment_ref.name
    if looked and looked.unknown:
        text = f"ModelDeployment {name} counts no column {', '.join(looked.unknown)}"
        return stalled(Reason.COLUMN_UNKNOWN, f"{text}: mend spec.columns, or leave it out for all")
    if blind := _unreadable(snapshot):
        return stalled(Reason.COUNTS_UNREADABLE, blind)
    if looked is not None:
        number = len(looked.findings)
        message = f"watches {number} column{'s' * (number != 1)} of ModelDeployment {name}"
        return ready(Reason.WATCHING, message)
    stored = condition_of(snapshot.monitor.status, READY)
    if stored and stored.reason == Reason.WATCHING:
        return ready(Reason.WATCHING, stored.message)
    if stored and stored.reason == Reason.COLUMN_UNKNOWN and _is_old(snapshot):
        return stalled(Reason.COLUMN_UNKNOWN, stored.message)
    return ready(Reason.WAITING_FOR_TRAFFIC, f"no row of ModelDeployment {name} counted yet")


def _unreadable(snapshot: DriftMonitorSnapshot) -> str:
    """Return which serving pods nobody watches, or an empty string."""
    serving = drift_episode.serving_identity(snapshot)
    blind = [each for each in snapshot.unreadable if each.identity == serving]
    if not blind:
        return ""
    said = [f"pod {each.pod} (image {each.image}): {each.message}" for each in blind[:TOLD]]
    more = f"; and {len(blind) - TOLD} more" if len(blind) > TOLD else ""
    return (
        f"counts of {len(blind)} serving pod{'s' * (len(blind) != 1)} cannot be read, "
        f"so their rows are not watched: {'; '.join(said)}{more}. "
        "Run an operator of the server's release, or roll out a newer run"
    )


def _is_old(snapshot: DriftMonitorSnapshot) -> bool:
    """Tell whether the stored status is about the spec as it is."""
    monitor = snapshot.monitor
    return monitor.status.observed_generation == monitor.metadata.generation


def _drifted(
    snapshot: DriftMonitorSnapshot,
    now: Course,
    after: DriftMonitorStatus,
    looked: Assessment | None,
) -> Manifest:
    is_true = looked.drifted if looked else was(snapshot.monitor.status, DRIFTED)
    if looked is None and not is_true:
        return _stored(snapshot, DRIFTED)
    if not is_true:
        message = f"no column has drifted in {after.window_rows} rows or more"
        return condition(DRIFTED, status=False, reason=Reason.NO_DRIFT, message=message)
    words = drift_words(after.columns)
    if after.episode and now.answer:
        answer = now.answer
        words += f". Episode {after.episode.id}: {answer.outcome}: {answer.message}"
    return condition(DRIFTED, status=True, reason=Reason.DRIFT_DETECTED, message=words)


def _broken(
    snapshot: DriftMonitorSnapshot, after: DriftMonitorStatus, looked: Assessment | None
) -> Manifest:
    if looked is None:
        return _stored(snapshot, DATA_BROKEN)
    if not looked.broken:
        message = "live rows hold the declared schema"
        return condition(DATA_BROKEN, status=False, reason=Reason.DATA_WHOLE, message=message)
    message = f"{broken_words(after.broken)}: mend the source; nothing is trained on it"
    return condition(DATA_BROKEN, status=True, reason=Reason.DATA_BROKEN, message=message)


def _stored(snapshot: DriftMonitorSnapshot, type_: str) -> Manifest:
    """Return the condition as it was stored: without a look there is nothing new to say."""
    old = condition_of(snapshot.monitor.status, type_)
    if old is None:
        return condition(type_, status=None, reason=Reason.NOT_JUDGED, message="no row counted yet")
    words = {"True": True, "False": False}
    return condition(type_, status=words.get(old.status), reason=old.reason, message=old.message)
