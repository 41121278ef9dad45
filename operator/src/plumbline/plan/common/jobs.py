"""Jobs by name, whether they still exist or not: their progress, and what follows a failure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.sentences import sentence
from plumbline.contract.last_words import REASON
from plumbline.plan.common import pod_failures
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.pod_failures import Prospect

ACTIVE = JobOutcome(state="Active")
# What to expect after a failed Job, when its last word does not say it or is gone. All other
# reasons are Final: the next Job would fail in the same way.
PROSPECTS: Mapping[str, Prospect] = {
    "SourceUnreachable": "Passes",
    "SourceChanged": "Passes",
    "StoreUnreachable": "Passes",
    "StoreFailed": "Passes",
    "StoreObjectChanged": "Passes",
    "ResultMissing": "Passes",
    "SourceNotFound": "Fixable",
    "SourceForbidden": "Fixable",
    "CredentialsRefused": "Fixable",
    "BucketMissing": "Fixable",
}
# How long a fixable problem may last before it is Stalled: registries and nodes often recover.
FIXABLE_LIMIT = timedelta(seconds=600)
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
    if prospect == "Fixable" and now < since + FIXABLE_LIMIT:
        return JobProgress(outcome=outcome, again_at=since + FIXABLE_LIMIT)
    return JobProgress(outcome=outcome, final=prospect in ("Fixable", "Final"))


def prospect_of(reason: str, temporary: bool | None) -> Prospect:
    """Return what to expect after a failed Job: what its last word says, else what is usual.

    A failure that is not temporary, although its reason usually is, needs a person.
    """
    usual = PROSPECTS.get(reason, "Final")
    if temporary is None:
        return usual
    if temporary:
        return "Passes"
    return "Fixable" if usual == "Passes" else usual


def find(jobs: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live Job of this name."""
    return next((job for job in jobs if job["metadata"]["name"] == name), None)


def outcome_of(
    name: str, jobs: Iterable[Manifest], outcomes: Mapping[str, JobOutcome]
) -> JobOutcome | None:
    """Return the outcome of a Job; None when there is no Job and no record of one."""
    if name in outcomes:
        return _printable(outcomes[name])
    return ACTIVE if find(jobs, name) else None


def _printable(outcome: JobOutcome) -> JobOutcome:
    """Return the outcome as a condition can show it; a container may write anything."""
    outcome = replace(outcome, message=sentence(outcome.message))
    if outcome.state == "Failed" and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="JobFailed")
    if outcome.reason and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="", message="")
    return replace(outcome, reason=pod_failures.pod_reason(outcome.reason).reason)


def is_of_component(child: Manifest, component: str) -> bool:
    """Return whether a live child has this component in its labels."""
    return bool(child["metadata"].get("labels", {}).get(names.COMPONENT) == component)


def is_queued(job: Manifest | None) -> bool:
    """Return whether the Job waits in a queue."""
    return bool(job and job.get("spec", {}).get("suspend"))
