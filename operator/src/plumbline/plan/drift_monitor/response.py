"""The response to an episode: request new rows first, then train one run on them.

An episode that has a run keeps it: the same drift never starts a second run, even if that failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.api import decision, names
from plumbline.api.decision import Decision, decide
from plumbline.api.v1alpha1.dataset import Refresh
from plumbline.api.v1alpha1.drift_monitor import Episode, Outcome
from plumbline.live.observations import Assessment
from plumbline.plan.drift_monitor import retraining
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

# A cooldown of 0 must not read the source again in every pass.
SHORTEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseState:
    """The state of the response to an episode after this pass.

    Attributes:
        decision: the outcome as one word and as a sentence.
        request: the open request to the Dataset; empty for none.
        run: name of the retraining run, if there is one.
        revision: data revision to train on now; None unless a run must be created.
        again_at: when the response changes by time alone.
    """

    decision: Decision
    request: str = ""
    run: str = ""
    revision: int | None = None
    again_at: datetime | None = None

    @property
    def outcome(self) -> Outcome:
        """The outcome so far."""
        return Outcome(self.decision.reason)

    @property
    def message(self) -> str:
        """The outcome in a sentence."""
        return self.decision.message


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseInput:
    """An episode and everything that its response depends on."""

    episode: Episode
    snapshot: DriftMonitorSnapshot
    assessment: Assessment | None

    @property
    def request(self) -> str:
        """The open request of this episode, or an empty string."""
        request = self.snapshot.monitor.status.refresh
        return request if request.startswith(f"{self.episode.id}@") else ""

    @property
    def wait(self) -> timedelta:
        """How long to wait between two retrainings, and between two requests for rows."""
        return timedelta(seconds=self.snapshot.monitor.spec.response.cooldown_seconds)

    @property
    def template(self) -> str:
        """Name of the template in the spec, or an empty string."""
        reference = self.snapshot.monitor.spec.response.template_ref
        return reference.name if reference else ""

    @property
    def dataset(self) -> str:
        """Name of the Dataset, or an empty string."""
        return self.snapshot.dataset.metadata.name if self.snapshot.dataset else ""

    @property
    def is_confirmed(self) -> bool:
        """Whether a person has confirmed the change of this episode."""
        annotations = self.snapshot.monitor.metadata.annotations
        return annotations.get(names.CONFIRM_ANNOTATION) == self.episode.id

    @property
    def reply(self) -> Refresh | None:
        """The Dataset's answer to the request, or None."""
        refreshes = self.snapshot.dataset.status.refreshes if self.snapshot.dataset else []
        return next((each for each in refreshes if each.id == self.request), None)

    @property
    def new_revision(self) -> int | None:
        """The data revision in use, if no model has been trained on it yet."""
        revision = self.snapshot.dataset.status.revision if self.snapshot.dataset else None
        known = retraining.trained_revision(self.snapshot)
        return revision if revision is not None and revision > known else None

    @property
    def next_request(self) -> datetime:
        """When the next request may be made."""
        # The id of a request ends with the time at which it was made.
        made = datetime.fromtimestamp(int(self.request.rpartition("@")[2]), UTC)
        return made + max(self.wait, SHORTEST_WAIT)


def respond(given: ResponseInput) -> ResponseState:
    """Return the state of the response."""
    return decide(RULES, given)


def _observes(given: ResponseInput) -> ResponseState | None:
    if given.snapshot.monitor.spec.response.mode != "Observe":
        return None
    text = "No retraining, because spec.response.mode is Observe."
    return ResponseState(decision=_decision("observes", Outcome.OBSERVED, text))


def _has_run(given: ResponseInput) -> ResponseState | None:
    run = retraining.of_episode(given.snapshot.runs, given.episode)
    name = run.metadata.name if run else given.episode.run
    if not name:
        return None
    outcome, text = retraining.outcome(run, name)
    decided = _decision("has_run", outcome, text, run=name)
    return ResponseState(decision=decided, request=given.request, run=name)


def _data_broken(given: ResponseInput) -> ResponseState | None:
    # Without a new assessment the stored rules are still broken.
    stored = given.snapshot.monitor.status.broken
    if not (given.assessment.broken if given.assessment else stored):
        return None
    text = (
        "Live rows do not match the schema. No retraining starts until the system that sends them "
        "is fixed."
    )
    decided = _decision("data_broken", Outcome.DATA_BROKEN, text)
    return ResponseState(decision=decided, request=given.request)


def _suspect(given: ResponseInput) -> ResponseState | None:
    """Hold a suspect episode for a person, also when the suspicion has ended since."""
    holds = given.snapshot.monitor.spec.response.on_suspect == "Hold"
    if not (holds and given.episode.suspect) or given.is_confirmed:
        return None
    monitor, episode = given.snapshot.monitor.metadata, given.episode.id
    text = (
        f"The change of live values is probably a fault, so no model is trained. If it is right, "
        f"run kubectl annotate driftmonitor {monitor.name} -n {monitor.namespace} "
        f"{names.CONFIRM_ANNOTATION}={episode} --overwrite to retrain."
    )
    decided = _decision("suspect", Outcome.WAITING_FOR_CONFIRMATION, text)
    return ResponseState(decision=decided, request=given.request)


def _template_missing(given: ResponseInput) -> ResponseState | None:
    if given.snapshot.template is not None:
        return None
    text = f"TrainingTemplate {given.template} does not exist. Create it."
    return ResponseState(decision=_decision("template_missing", Outcome.WAITING_FOR_TEMPLATE, text))


def _dataset_missing(given: ResponseInput) -> ResponseState | None:
    template = given.snapshot.template
    if given.snapshot.dataset is not None or template is None:
        return None
    name = template.spec.dataset_ref.name if template.spec.dataset_ref else ""
    text = (
        f"Dataset {name} does not exist. Create it or fix spec.datasetRef of TrainingTemplate "
        f"{given.template}."
    )
    return ResponseState(decision=_decision("dataset_missing", Outcome.WAITING_FOR_DATASET, text))


def _other_run_unfinished(given: ResponseInput) -> ResponseState | None:
    unfinished = retraining.unfinished(given.snapshot.runs)
    if not unfinished:
        return None
    text = f"Waiting until run {unfinished[0]} of this monitor has finished."
    decided = _decision("other_run_unfinished", Outcome.WAITING_FOR_RUN, text, run=unfinished[0])
    return ResponseState(decision=decided, request=given.request)


def _cools_down(given: ResponseInput) -> ResponseState | None:
    last = given.snapshot.monitor.status.last_run_time
    if last is None or given.snapshot.now >= last + given.wait:
        return None
    until = last + given.wait
    text = f"The last retraining was at {_clock(last)}. The next one can start at {_clock(until)}."
    decided = _decision("cools_down", Outcome.COOLING_DOWN, text)
    return ResponseState(decision=decided, request=given.request, again_at=until)


def _asks_for_rows(given: ResponseInput) -> ResponseState | None:
    """Request new rows first: a model of the same rows would be the same model."""
    no_rows = given.request and given.reply and given.new_revision is None
    if given.request and not (no_rows and given.snapshot.now >= given.next_request):
        return None
    request = f"{given.episode.id}@{int(given.snapshot.now.timestamp())}"
    text = _asked_text(given)
    decided = _decision("asks_for_rows", Outcome.REFRESH_REQUESTED, text, request=request)
    return ResponseState(decision=decided, request=request)


def _waits_for_rows(given: ResponseInput) -> ResponseState | None:
    if given.reply:
        return None
    dataset = given.snapshot.dataset
    is_paused = dataset is not None and dataset.spec.suspend
    paused = " The Dataset is paused: set its spec.suspend to false." if is_paused else ""
    text = f"{_asked_text(given)}{paused}"
    decided = _decision("waits_for_rows", Outcome.REFRESH_REQUESTED, text)
    return ResponseState(decision=decided, request=given.request)


def _trains(given: ResponseInput) -> ResponseState | None:
    name, revision = given.episode.id, given.new_revision
    if revision is None:
        return None
    text = f"Run {name} trains on data revision {revision}."
    decided = _decision("trains", Outcome.TRAINING, text, run=name, revision=revision)
    return ResponseState(decision=decided, request=given.request, run=name, revision=revision)


def _has_no_rows(given: ResponseInput) -> ResponseState:
    bad = given.reply is not None and given.reply.outcome in ("Invalid", "Failed")
    next_time = given.next_request
    said = f"found no {'valid' if bad else 'new'} rows"
    where = given.snapshot.monitor.metadata.namespace
    see = f" Run kubectl describe dataset {given.dataset} -n {where} for details." if bad else ""
    text = (
        f"Dataset {given.dataset} read its source again but {said}.{see} The next request is at "
        f"{_clock(next_time)}."
    )
    outcome = Outcome.DATASET_INVALID if bad else Outcome.NO_NEW_DATA
    decided = _decision("has_no_rows", outcome, text)
    return ResponseState(decision=decided, request=given.request, again_at=next_time)


def _asked_text(given: ResponseInput) -> str:
    return f"Asked Dataset {given.dataset} to read its source again. Waiting for the result."


def _decision(rule: str, outcome: Outcome, message: str, **evidence: Any) -> Decision:
    """Return the decision; condition Drifted shows it after the drift itself."""
    return decision.working(f"drift_monitor.{rule}", outcome, message, **evidence)


def _clock(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%H:%M:%S UTC")


RULES: tuple[Callable[[ResponseInput], ResponseState | None], ...] = (
    _observes,  # spec.response.mode is Observe
    _has_run,  # the episode has a run already
    _data_broken,  # live rows are broken, and a model of such rows would be bad
    _suspect,  # the change is probably a fault, and nobody has confirmed it
    _template_missing,  # the template does not exist
    _dataset_missing,  # the Dataset of the template does not exist
    _other_run_unfinished,  # another run of this monitor has not finished
    _cools_down,  # the last retraining was a short time ago
    _asks_for_rows,  # no request is open, or the last one found no rows a while ago
    _waits_for_rows,  # the Dataset has not answered the request
    _trains,  # there is a revision that no model was trained on
    _has_no_rows,  # the Dataset has answered that there are no new rows
)
