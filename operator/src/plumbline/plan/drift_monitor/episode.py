"""The episode of drift: when one opens, its state after this pass, and when it closes.

An episode opens when live data has drifted and is not broken. It closes when the drift is over or
another model serves, but not while its run is training. Its number is above all numbers in status
and runs, so that no name is used twice.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from plumbline.api import canonical, decision, names
from plumbline.api.decision import Decision
from plumbline.api.plan import Event
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorReason as Reason
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus, Episode, Outcome
from plumbline.live.observations import Assessment
from plumbline.plan.common.conditions import changed, truncated
from plumbline.plan.drift_monitor.response import ResponseInput, ResponseState, respond
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

# The name of a run may have as many characters.
NAME_LIMIT = 40
# The CRD allows as many items.
COLUMNS_LIMIT = 10
HISTORY_LIMIT = 10
# Outcomes before a retraining; an episode that closes with one of them needed none.
BEFORE_RETRAINING = frozenset(
    {
        Outcome.REFRESH_REQUESTED,
        Outcome.DATA_BROKEN,
        Outcome.WAITING_FOR_CONFIRMATION,
        Outcome.WAITING_FOR_TEMPLATE,
        Outcome.WAITING_FOR_DATASET,
        Outcome.WAITING_FOR_RUN,
        Outcome.COOLING_DOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeState:
    """The episode and its response after this pass.

    Attributes:
        status: the status with both.
        response: the state of the response; None without an episode.
        decision: what changed about the episode, or None.
        events: the Events about it.
    """

    status: DriftMonitorStatus
    response: ResponseState | None = None
    decision: Decision | None = None
    events: tuple[Event, ...] = ()


def state(snapshot: DriftMonitorSnapshot, assessment: Assessment | None) -> EpisodeState:
    """Return the state of the episode, given the newest assessment of the model that serves."""
    status, episode = snapshot.monitor.status, snapshot.monitor.status.episode
    if episode is None and assessment and _opens(snapshot, assessment):
        episode = _new_episode(snapshot, assessment)
    if episode is None:
        return EpisodeState(status=status)
    if _is_suspect(status, assessment) and not episode.suspect:
        episode = changed(episode, suspect=True)
    response = respond(ResponseInput(episode=episode, snapshot=snapshot, assessment=assessment))
    updated = changed(episode, outcome=str(response.outcome), run=response.run)
    why = _why_over(snapshot)
    # The result of a run under way belongs to this episode, and the history should have it.
    if why and response.outcome != Outcome.TRAINING:
        return _closed_state(status, updated, response, why)
    return _open_state(snapshot, updated, response)


def _open_state(
    snapshot: DriftMonitorSnapshot, episode: Episode, response: ResponseState
) -> EpisodeState:
    status = snapshot.monitor.status
    dataset = snapshot.dataset.metadata.name if snapshot.dataset and response.request else ""
    new = changed(status, episode=episode, refresh=response.request, refresh_dataset=dataset)
    is_new = (new.episode, new.refresh) != (status.episode, status.refresh)
    decided = _about_episode(response.decision, episode) if is_new else None
    if not response.run or response.run == status.last_run:
        return EpisodeState(status=new, response=response, decision=decided)
    new = changed(new, last_run=response.run, last_run_time=truncated(snapshot.now))
    event = _event(Reason.RETRAINING, f"Episode {episode.id}: {response.message}")
    return EpisodeState(status=new, response=response, decision=decided, events=(event,))


def _closed_state(
    status: DriftMonitorStatus, episode: Episode, response: ResponseState, why: str
) -> EpisodeState:
    outcome = Outcome.CLEARED if response.outcome in BEFORE_RETRAINING else response.outcome
    closed = changed(episode, outcome=str(outcome))
    history = [closed, *status.history][:HISTORY_LIMIT]
    new = changed(status, episode=None, refresh="", refresh_dataset="", history=history)
    text = f"Episode {episode.id} is closed: {why}. Its outcome is {outcome}."
    decided = decision.ready("drift_monitor.episode_closed", Reason.EPISODE_CLOSED, text)
    event = _event(Reason.EPISODE_CLOSED, text)
    return EpisodeState(status=new, decision=_about_episode(decided, episode), events=(event,))


def _about_episode(decided: Decision, episode: Episode) -> Decision:
    """Return the decision, which only the log shows, with the episode in its evidence."""
    about = {"episode": episode.id, "columns": list(episode.columns), "rows": episode.rows}
    return replace(decided, condition_type="", acts=True, evidence={**about, **decided.evidence})


def _event(reason: Reason, message: str) -> Event:
    return Event(type="Normal", reason=reason, message=message)


def _new_episode(snapshot: DriftMonitorSnapshot, assessment: Assessment) -> Episode:
    """Return the episode that begins now."""
    alarms = [found for found in assessment.findings if found.alarm]
    return Episode(
        id=_next_name(snapshot),
        since=truncated(snapshot.now),
        columns=[found.name for found in alarms[:COLUMNS_LIMIT]],
        rows=max((found.rows for found in alarms), default=assessment.window_rows),
        model=assessment.model,
    )


def _opens(snapshot: DriftMonitorSnapshot, assessment: Assessment) -> bool:
    """Return whether an episode begins: drifted, not broken, and about the model that serves."""
    return (
        assessment.drifted and not assessment.broken and assessment.model == served_model(snapshot)
    )


def _is_suspect(status: DriftMonitorStatus, assessment: Assessment | None) -> bool:
    """Return whether live data is suspect; without a new assessment as it was stored."""
    return bool(assessment.suspects if assessment else status.suspects)


def _why_over(snapshot: DriftMonitorSnapshot) -> str:
    """Return why the episode is over, or an empty string while it is open."""
    episode, assessment = snapshot.monitor.status.episode, snapshot.assessment
    if episode is None:
        return ""
    if (model := served_model(snapshot)) and model != episode.model:
        return "another model serves"
    if (
        assessment
        and assessment.model == episode.model
        and not (assessment.drifted or assessment.broken)
    ):
        return "the drift is over"
    return ""


def served_model(snapshot: DriftMonitorSnapshot) -> str:
    """Return the digest of the model that serves, or an empty string."""
    stable = snapshot.deployment.status.stable if snapshot.deployment else None
    return stable.model if stable else ""


def served_identity(snapshot: DriftMonitorSnapshot) -> str:
    """Return the rollout identity of the model that serves, or an empty string."""
    stable = snapshot.deployment.status.stable if snapshot.deployment else None
    return stable.identity if stable else ""


def _next_name(snapshot: DriftMonitorSnapshot) -> str:
    """Return the next name that no run has, not even a run that a user created."""
    numbers = itertools.count(_next_number(snapshot))
    candidates = (_name(snapshot.monitor, number) for number in numbers)
    return next(name for name in candidates if name not in snapshot.run_names)


def _next_number(snapshot: DriftMonitorSnapshot) -> int:
    return 1 + max(map(_number, _known_names(snapshot)), default=0)


def _known_names(snapshot: DriftMonitorSnapshot) -> Iterator[str]:
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
    """Return the name of an episode and its run; long names are shortened and get a hash."""
    name = monitor.metadata.name
    full = f"{name}-{number}"
    if len(full) <= NAME_LIMIT:
        return full
    tail = f"-{canonical.short(name, length=5)}-{number}"
    return name[: NAME_LIMIT - len(tail)].rstrip("-") + tail
