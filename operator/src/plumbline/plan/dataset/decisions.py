"""The decisions about a Dataset: Ready for the revision in use, Valid for the newest fetch."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from plumbline.api import decision, names
from plumbline.api.decision import Decision, decide, first
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DatasetReason as Reason
from plumbline.api.v1alpha1.dataset import DatasetStatus
from plumbline.plan.common import conditions
from plumbline.plan.common.jobs import JobProgress
from plumbline.plan.dataset.fetch_attempt import VALID, Retry
from plumbline.plan.dataset.snapshot import DatasetSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """A Dataset whose source is being read by a Job, and the Job's progress."""

    dataset: Dataset
    job: str
    progress: JobProgress

    @property
    def reason(self) -> str:
        """What the Job does, or what delays it."""
        return self.progress.outcome.reason or Reason.PROFILING

    @property
    def message(self) -> str:
        """The same in a sentence."""
        if self.progress.outcome.reason:
            return self.progress.outcome.message
        source = self.dataset.spec.source
        where = source.uri or (source.config_map and f"ConfigMap {source.config_map.name}")
        return f"Job {self.job} is reading and checking {where}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A Dataset that needs no Job now.

    Attributes:
        status: its status after the newest fetch.
        valid: the result of that fetch.
        retry: the next retry, if there is one.
    """

    dataset: Dataset
    status: DatasetStatus
    valid: Decision
    retry: Retry | None


def blocked(snapshot: DatasetSnapshot) -> Decision | None:
    """Return why a Dataset may not create a Job, or None."""
    return first(BLOCKED, snapshot)


def while_fetching(fetching: Fetching) -> tuple[Decision, Decision | None]:
    """Return the state of a Dataset while a Job reads its source.

    If a revision is in use, the second decision says what that Job does; else it is None.
    """
    return decide(FETCHING, fetching), _fetch_meanwhile(fetching)


def while_idle(idle: Idle) -> Decision:
    """Return the state of a Dataset while no Job is needed."""
    return decide(IDLE, idle)


def stored_validity(status: DatasetStatus) -> Decision:
    """Return the stored decision of condition Valid about the newest fetch."""
    if found := conditions.stored_decision(status, VALID, rule="dataset.judged_before"):
        return found
    message = "The source has not been read yet."
    found = decision.working("dataset.not_fetched", Reason.NOT_FETCHED, message)
    return replace(found, condition_type=VALID)


def _suspended(snapshot: DatasetSnapshot) -> Decision | None:
    if not snapshot.dataset.spec.suspend:
        return None
    message = "Paused because spec.suspend is true: the source is not read. Revisions stay in use."
    return decision.held("dataset.suspended", Reason.SUSPENDED, message)


def _without_store(snapshot: DatasetSnapshot) -> Decision | None:
    return conditions.without_store(
        snapshot.dataset.metadata.namespace,
        snapshot.settings,
        rule="dataset.without_store",
        reason=Reason.STORE_CREDENTIALS_MISSING,
    )


def _first_fetch_blocked(fetching: Fetching) -> Decision | None:
    if fetching.dataset.status.revision is not None or not fetching.progress.final:
        return None
    return decision.stalled(
        "dataset.first_fetch_stuck", fetching.reason, fetching.message, job=fetching.job
    )


def _first_fetch(fetching: Fetching) -> Decision | None:
    if fetching.dataset.status.revision is not None:
        return None
    return decision.working(
        "dataset.first_fetch", fetching.reason, fetching.message, job=fetching.job
    )


def _newest_fetch_blocked(fetching: Fetching) -> Decision | None:
    if not fetching.progress.final:
        return None
    blocked = f"The newest fetch is blocked ({fetching.reason}). {fetching.message}"
    text = f"{_in_use_text(fetching.dataset.status)} {blocked}"
    return decision.ready(
        "dataset.newest_fetch_stuck", Reason.FETCH_BLOCKED, text, job=fetching.job
    )


def _in_use_meanwhile(fetching: Fetching) -> Decision:
    return _in_use(fetching.dataset.status, _in_use_text(fetching.dataset.status))


def _fetch_meanwhile(fetching: Fetching) -> Decision | None:
    """Return the decision that the source is read again while a revision is in use, or None."""
    if fetching.progress.final or fetching.dataset.status.revision is None:
        return None
    found = decision.working(
        "dataset.next_fetch", fetching.reason, fetching.message, job=fetching.job
    )
    return replace(found, condition_type=conditions.RECONCILING)


def _has_revision(idle: Idle) -> Decision | None:
    if idle.status.revision is None:
        return None
    message, valid = _in_use_text(idle.status), idle.valid
    if valid.state != "Ready":
        message += f" The newest fetch made no revision ({valid.reason}): see condition {VALID}."
    return _in_use(idle.status, message)


def _tries_again(idle: Idle) -> Decision | None:
    if idle.retry is None or not idle.retry.soon:
        return None
    text = f"{idle.valid.message} The next attempt is at {idle.retry.at:%H:%M:%S} UTC."
    number = idle.retry.number
    return decision.working("dataset.tries_again", idle.valid.reason, text, attempt=number)


def _needs_a_person(idle: Idle) -> Decision:
    text = f"{idle.valid.message} {_remedy_text(idle.dataset)}"
    return decision.stalled("dataset.needs_a_person", idle.valid.reason, text)


def _in_use(status: DatasetStatus, message: str) -> Decision:
    evidence = {"revision": status.revision, "rows": status.rows, "digest": status.digest}
    return decision.ready("dataset.in_use", Reason.REVISION_IN_USE, message, **evidence)


def _in_use_text(status: DatasetStatus) -> str:
    return f"Revision {status.revision} with {status.rows} rows is in use."


def _remedy_text(dataset: Dataset) -> str:
    about = dataset.metadata
    mark = f"{names.REFRESH_ANNOTATION}=$(date +%s)"
    return (
        f"After fixing the cause, run kubectl annotate dataset {about.name} "
        f"-n {about.namespace} {mark} --overwrite to read the source again."
    )


BLOCKED: tuple[Callable[[DatasetSnapshot], Decision | None], ...] = (
    _suspended,  # spec.suspend is set
    _without_store,  # its namespace cannot reach the store
)
FETCHING: tuple[Callable[[Fetching], Decision | None], ...] = (
    _first_fetch_blocked,  # no revision is in use, and waiting does not help
    _first_fetch,  # no revision is in use yet
    _newest_fetch_blocked,  # a revision is in use, and the next one needs a person
    _in_use_meanwhile,  # a revision is in use while the source is read again
)
IDLE: tuple[Callable[[Idle], Decision | None], ...] = (
    _has_revision,  # a revision is in use, even if the newest fetch failed
    _tries_again,  # no revision yet, and the failure may pass soon
    _needs_a_person,  # no revision yet, and waiting does not help
)
