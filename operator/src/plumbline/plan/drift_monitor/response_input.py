"""An episode of drift with everything that its answer depends on, and the form of an answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from plumbline.api.reasons import Outcome
from plumbline.api.v1alpha1.dataset import Refresh
from plumbline.api.v1alpha1.drift_monitor import Episode
from plumbline.live.observations import Assessment
from plumbline.plan.drift_monitor import episode as drift_episode
from plumbline.plan.drift_monitor import retraining as drift_run
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

SHORTEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the answer to an episode stands.

    Attributes:
        outcome: one word.
        message: the same in a sentence.
        request: the request to the Dataset that stands; empty for none.
        run: name of the run that answers, if there is one.
        revision: data revision to train on now; None unless a run is to be made.
        again_at: when time alone changes the answer.
    """

    outcome: Outcome
    message: str
    request: str = ""
    run: str = ""
    revision: int | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An episode and everything that its answer depends on."""

    episode: Episode
    snapshot: DriftMonitorSnapshot
    assessment: Assessment | None

    @property
    def request(self) -> str:
        """The request of this episode that stands."""
        request = self.snapshot.monitor.status.refresh
        return request if drift_episode.is_request_of(request, self.episode) else ""

    @property
    def wait(self) -> timedelta:
        """How long to wait between two retrainings, and between two requests for rows."""
        return timedelta(seconds=self.snapshot.monitor.spec.response.cooldown_seconds)

    @property
    def data(self) -> str:
        """Name of the Dataset, or an empty string."""
        return self.snapshot.dataset.metadata.name if self.snapshot.dataset else ""

    @property
    def reply(self) -> Refresh | None:
        """What the Dataset has answered to the request."""
        refreshes = self.snapshot.dataset.status.refreshes if self.snapshot.dataset else []
        return next((each for each in refreshes if each.id == self.request), None)

    @property
    def new_revision(self) -> int | None:
        """The data revision in use, if nothing has been trained on it yet."""
        revision = self.snapshot.dataset.status.revision if self.snapshot.dataset else None
        known = drift_run.trained_revision(self.snapshot)
        return revision if revision is not None and revision > known else None

    @property
    def next_request(self) -> datetime:
        """When the Dataset may be asked again."""
        asked = datetime.fromtimestamp(drift_episode.asked_at(self.request), UTC)
        return asked + max(self.wait, SHORTEST_WAIT)
