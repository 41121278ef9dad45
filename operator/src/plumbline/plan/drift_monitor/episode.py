"""Episodes of drift: their names, and when one opens and closes.

An episode opens when live data has drifted and is not broken, and stands until the drift is over or
another model serves. Its number goes on from what status and runs remember, so that a name is never
given twice.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from plumbline.api import names
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.api.v1alpha1.drift_monitor import Episode
from plumbline.live.observations import Assessment
from plumbline.plan.common import canonical
from plumbline.plan.common.status import moment
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

NAME_LIMIT = 40
COLUMNS_LIMIT = 10


def opened(snapshot: DriftMonitorSnapshot, assessment: Assessment) -> Episode:
    """Return the episode that begins now."""
    alarms = [found for found in assessment.findings if found.alarm]
    return Episode(
        id=_next_name(snapshot),
        since=moment(snapshot.now),
        columns=[found.name for found in alarms[:COLUMNS_LIMIT]],
        rows=max((found.rows for found in alarms), default=assessment.window_rows),
        model=assessment.model,
    )


def opens(snapshot: DriftMonitorSnapshot, looked: Assessment) -> bool:
    """Tell whether this look begins an episode: drifted, not broken, judged on what serves."""
    return looked.drifted and not looked.broken and looked.model == serving(snapshot)


def is_over(snapshot: DriftMonitorSnapshot) -> str:
    """Return why the episode is over, or an empty string while it stands."""
    episode, looked = snapshot.monitor.status.episode, snapshot.assessment
    if episode is None:
        return ""
    if (model := serving(snapshot)) and model != episode.model:
        return "another model serves"
    if looked and looked.model == episode.model and not (looked.drifted or looked.broken):
        return "the drift is over"
    return ""


def serving(snapshot: DriftMonitorSnapshot) -> str:
    """Return the digest of the model that serves, or an empty string."""
    stable = snapshot.deployment.status.stable if snapshot.deployment else None
    return stable.model if stable else ""


def serving_identity(snapshot: DriftMonitorSnapshot) -> str:
    """Return the rollout identity of what serves, or an empty string."""
    stable = snapshot.deployment.status.stable if snapshot.deployment else None
    return stable.identity if stable else ""


def request_of(episode: Episode, now: datetime) -> str:
    """Return the request for new rows that this episode makes at this time."""
    return f"{episode.id}@{int(now.timestamp())}"


def is_request_of(request: str, episode: Episode) -> bool:
    """Tell whether a request is this episode's."""
    return request.startswith(f"{episode.id}@")


def asked_at(request: str) -> int:
    """Return the second of the epoch at which a request was made."""
    return int(request.rpartition("@")[2])


def _next_name(snapshot: DriftMonitorSnapshot) -> str:
    """Return the next name that no run has, whoever made it."""
    numbers = itertools.count(_next_number(snapshot))
    named = (_name(snapshot.monitor, number) for number in numbers)
    return next(name for name in named if name not in snapshot.taken)


def _next_number(snapshot: DriftMonitorSnapshot) -> int:
    return 1 + max(map(_number, _known(snapshot)), default=0)


def _known(snapshot: DriftMonitorSnapshot) -> Iterator[str]:
    status = snapshot.monitor.status
    yield from (episode.id for episode in status.history)
    yield from _episodes_of(snapshot)
    yield status.last_run


def _episodes_of(snapshot: DriftMonitorSnapshot) -> Iterable[str]:
    labels = (run.metadata.labels for run in snapshot.runs)
    return (each.get(names.EPISODE_LABEL, "") for each in labels)


def _number(name: str) -> int:
    match = re.search(r"-(\d{1,9})$", name)
    return int(match[1]) if match else 0


def _name(monitor: DriftMonitor, number: int) -> str:
    """Return the name of an episode and its run; long names are cut and told apart by a hash."""
    name = monitor.metadata.name
    whole = f"{name}-{number}"
    if len(whole) <= NAME_LIMIT:
        return whole
    tail = f"-{canonical.short(name, length=5)}-{number}"
    return name[: NAME_LIMIT - len(tail)].rstrip("-") + tail
