"""Jobs by name, whether they still exist or not, and the progress of active ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.sentences import sentence
from plumbline.contract.last_words import REASON
from plumbline.plan.common import pod_failures
from plumbline.plan.common.job_outcome import JobOutcome

ACTIVE = JobOutcome(state="Active")
# Causes that may pass without a fix: a few quick retries are worth it.
TEMPORARY = frozenset(
    {"SourceUnreachable", "SourceChanged", "StoreUnreachable", "StoreFailed", "ResultMissing"}
)
# Causes that a person can fix outside of the spec: worth a retry from time to time.
FIXABLE = TEMPORARY | frozenset(
    {"SourceNotFound", "SourceForbidden", "CredentialsRefused", "BucketMissing"}
)
# How long a fixable problem may last before it is Stalled: registries and nodes often recover.
PATIENCE = timedelta(seconds=600)
# Shorter waits, such as every pod has at its start, would be two status writes for no information.
NOTICEABLE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """What conditions say about an active Job.

    Attributes:
        outcome: the Job, without problems that are too young to report.
        final: whether a person must act, because waiting does not help.
        again_at: when this changes by time alone.
    """

    outcome: JobOutcome
    final: bool = False
    again_at: datetime | None = None


WELL = JobProgress(outcome=ACTIVE)


def progress(outcome: JobOutcome, now: datetime) -> JobProgress:
    """Return what conditions say about an active Job now."""
    since, prospect = outcome.since or now, pod_failures.pod_reason(outcome.reason).prospect
    if prospect == "Passes" and now < since + NOTICEABLE:
        return JobProgress(outcome=ACTIVE, again_at=since + NOTICEABLE)
    if prospect == "Fixable" and now < since + PATIENCE:
        return JobProgress(outcome=outcome, again_at=since + PATIENCE)
    return JobProgress(outcome=outcome, final=prospect in ("Fixable", "Final"))


def find(jobs: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live Job of this name."""
    return next((job for job in jobs if job["metadata"]["name"] == name), None)


def outcome_of(
    name: str, jobs: Iterable[Manifest], outcomes: Mapping[str, JobOutcome]
) -> JobOutcome | None:
    """Return the outcome of a Job; None when there is no Job and no record of one."""
    if name in outcomes:
        return _worded(outcomes[name])
    return ACTIVE if find(jobs, name) else None


def _worded(outcome: JobOutcome) -> JobOutcome:
    """Return the outcome as a condition can show it; a container may write anything."""
    outcome = replace(outcome, message=sentence(outcome.message))
    if outcome.state == "Failed" and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="JobFailed")
    if outcome.reason and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="", message="")
    return replace(outcome, reason=pod_failures.pod_reason(outcome.reason).reason)


def plays(child: Manifest, component: str) -> bool:
    """Return whether a live child was made for this part."""
    return bool(child["metadata"].get("labels", {}).get(names.COMPONENT) == component)


def is_queued(job: Manifest | None) -> bool:
    """Return whether the Job waits in a queue."""
    return bool(job and job.get("spec", {}).get("suspend"))
