"""How the episode stands after this pass: opened, answered, or closed."""

from dataclasses import dataclass

from plumbline.api.plan import Event
from plumbline.api.reasons import DriftMonitorReason as Reason
from plumbline.api.reasons import Outcome
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus, Episode
from plumbline.live.observations import Assessment
from plumbline.plan.common.status import changed, moment
from plumbline.plan.drift_monitor import episode as drift_episode
from plumbline.plan.drift_monitor import response as drift_response
from plumbline.plan.drift_monitor.response_input import Answer, Case
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

HISTORY_LIMIT = 10
# Outcomes that were on their way to something; an episode that ends there has cleared by itself.
UNDER_WAY = frozenset(
    {
        Outcome.REFRESH_REQUESTED,
        Outcome.DATA_BROKEN,
        Outcome.WAITING_FOR_TEMPLATE,
        Outcome.WAITING_FOR_DATASET,
        Outcome.WAITING_FOR_RUN,
        Outcome.COOLING_DOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The episode and its answer after this pass.

    Attributes:
        status: the status with both.
        answer: how the answer stands; None without an episode.
        events: what is told.
    """

    status: DriftMonitorStatus
    answer: Answer | None = None
    events: tuple[Event, ...] = ()


def course(snapshot: DriftMonitorSnapshot, looked: Assessment | None) -> Course:
    """Return how the episode stands, given the newest look at what serves."""
    status, episode = snapshot.monitor.status, snapshot.monitor.status.episode
    if episode is None and looked and drift_episode.opens(snapshot, looked):
        episode = drift_episode.opened(snapshot, looked)
    if episode is None:
        return Course(status=status)
    answer = drift_response.answer(Case(episode=episode, snapshot=snapshot, assessment=looked))
    answered = changed(episode, outcome=str(answer.outcome), run=answer.run)
    why = drift_episode.is_over(snapshot)
    if why and answer.outcome != Outcome.TRAINING:
        return _closed(status, answered, answer, why)
    return _standing(snapshot, answered, answer)


def _standing(snapshot: DriftMonitorSnapshot, episode: Episode, answer: Answer) -> Course:
    status = snapshot.monitor.status
    changes: dict[str, object] = {"episode": episode, "refresh": answer.request}
    dataset = snapshot.dataset.metadata.name if snapshot.dataset and answer.request else ""
    changes["refresh_dataset"] = dataset
    if not answer.run or answer.run == status.last_run:
        return Course(status=changed(status, **changes), answer=answer)
    changes |= {"last_run": answer.run, "last_run_time": moment(snapshot.now)}
    told = _tell(Reason.RETRAINING, f"episode {episode.id}: {answer.message}")
    return Course(status=changed(status, **changes), answer=answer, events=(told,))


def _closed(status: DriftMonitorStatus, episode: Episode, answer: Answer, why: str) -> Course:
    outcome = Outcome.CLEARED if answer.outcome in UNDER_WAY else answer.outcome
    past = changed(episode, outcome=str(outcome))
    changes = {
        "episode": None,
        "refresh": "",
        "refresh_dataset": "",
        "history": [past, *status.history][:HISTORY_LIMIT],
    }
    told = _tell(Reason.EPISODE_CLOSED, f"episode {episode.id}: {why}; outcome {outcome}")
    return Course(status=changed(status, **changes), events=(told,))


def _tell(reason: Reason, message: str) -> Event:
    return Event(type="Normal", reason=reason, message=message)
