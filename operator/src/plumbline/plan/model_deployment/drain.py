"""The move that lets go what served before, once its clients have moved on.

Its clock starts when the Service is seen to choose the new pods, not when that was decided; so a
pass that comes late, after a restart of the operator, cuts nobody off.
"""

from datetime import datetime, timedelta

from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus, Served
from plumbline.plan.common.status import changed, moment
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.move import Move, move
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

DRAIN = timedelta(seconds=15)


def drain(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Start the clock of what served before, or let it go when the time is over."""
    status, now = snapshot.deployment.status, moment(snapshot.now)
    if status.stable is None or view.selected_identity(snapshot) != status.stable.identity:
        return None
    stamped = [old if old.since else _from(old, now) for old in status.retiring]
    kept = [old for old in stamped if old.since is None or now < old.since + DRAIN]
    return None if kept == status.retiring else move(status, retiring=kept)


def leaving(served: Served) -> Served:
    """Return what serves as it begins to leave: its clock has not started."""
    return changed(served, since=None)


def next_time(status: ModelDeploymentStatus) -> datetime | None:
    """Return when the next one may go."""
    times = [old.since + DRAIN for old in status.retiring if old.since]
    return min(times, default=None)


def _from(served: Served, now: datetime) -> Served:
    return changed(served, since=now)
