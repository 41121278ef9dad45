"""What is known of a Job by its name, whether it still exists or not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plumbline.api import names
from plumbline.api.objects import Key, Manifest
from plumbline.api.plan import Deletion
from plumbline.api.resources import BY_KIND
from plumbline.contract.last_words import REASON
from plumbline.plan.common.job_outcome import JobOutcome

# The kubelet alternates between these for one and the same trouble.
SAME = {"ErrImagePull": "ImagePullBackOff"}
ACTIVE = JobOutcome(state="Active")
# Causes that go away without anybody mending anything: worth some quick tries.
TEMPORARY = frozenset(
    {"SourceUnreachable", "SourceChanged", "StoreUnreachable", "StoreFailed", "ResultMissing"}
)
# Causes that somebody mends outside of the spec: worth a look from time to time.
MENDABLE = TEMPORARY | frozenset(
    {"SourceNotFound", "SourceForbidden", "CredentialsRefused", "BucketMissing"}
)


def find(jobs: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live Job of this name."""
    return next((job for job in jobs if job["metadata"]["name"] == name), None)


def outcome_of(
    name: str, jobs: Iterable[Manifest], outcomes: Mapping[str, JobOutcome]
) -> JobOutcome | None:
    """Return what a Job has come to; None when there is no Job and no trace of one."""
    if name in outcomes:
        return _worded(outcomes[name])
    return ACTIVE if find(jobs, name) else None


def _worded(outcome: JobOutcome) -> JobOutcome:
    """Return the outcome with a reason that a condition can hold; a container may say anything."""
    if outcome.state == "Failed" and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="JobFailed")
    if outcome.reason and not REASON.fullmatch(outcome.reason):
        return replace(outcome, reason="", message="")
    return replace(outcome, reason=SAME.get(outcome.reason, outcome.reason))


def plays(child: Manifest, component: str) -> bool:
    """Tell whether a live child was made for this part."""
    return bool(child["metadata"].get("labels", {}).get(names.COMPONENT) == component)


def is_queued(job: Manifest | None) -> bool:
    """Tell whether a queue holds the Job back."""
    return bool(job and job.get("spec", {}).get("suspend"))


def deletion(child: Manifest) -> Deletion:
    """Return the deletion of exactly this live child."""
    metadata = child["metadata"]
    resource = BY_KIND[child["apiVersion"], child["kind"]]
    key = Key(resource, metadata["namespace"], metadata["name"])
    return Deletion(key=key, uid=metadata["uid"])


def leaves(child: Manifest) -> bool:
    """Tell whether somebody has already deleted it."""
    return bool(child["metadata"].get("deletionTimestamp"))
