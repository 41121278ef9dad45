"""The attempt to read the source that a Dataset needs now: the one under way, a new one, or none.

The key of an attempt is a hash of everything that it depends on. The name of its Job comes from the
key and from the attempt before, so that a restarted operator finds the same Job again.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plumbline.api import canonical, names
from plumbline.api.meta import GROUP
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DataSchema, Fetch, Question
from plumbline.plan.common import jobs
from plumbline.plan.common.conditions import condition_of
from plumbline.plan.common.pod_failures import Prospect
from plumbline.plan.dataset.snapshot import DatasetSnapshot

ATTEMPT, REQUESTS, RESOURCES = f"{GROUP}/attempt", f"{GROUP}/requests", f"{GROUP}/resources"
VALID = "Valid"
# As many answers as the CRD allows.
REFRESHES = 10
# Two minutes of retries: most failures of networks and stores are over by then.
QUICK_SECONDS = (10, 30, 90)
# A person must act now, but the cause may be fixed outside of the cluster, which wakes no object.
SLOW_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The retry after a failure.

    Attributes:
        at: when.
        number: number of the attempt that it will be.
        soon: whether it is one of the quick retries, before a person is asked to act.
    """

    at: datetime
    number: int
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to read the source.

    Attributes:
        key: hash of everything that it depends on.
        job: name of its Job.
        number: 1, and one more for each retry.
        requests: the monitors' requests that it answers.
        resources_hash: hash of the resources of its Job.
    """

    key: str
    job: str
    number: int = 1
    requests: tuple[str, ...] = ()
    resources_hash: str = ""

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations of its Job."""
        return {
            ATTEMPT: str(self.number),
            REQUESTS: json.dumps(self.requests),
            RESOURCES: self.resources_hash,
        }


def current(snapshot: DatasetSnapshot) -> Attempt | None:
    """Return the attempt that is under way or must begin now, or None."""
    fetch, key = snapshot.dataset.status.fetch, key_of(snapshot.dataset)
    if fetch is None or fetch.key != key:
        return _next_attempt(snapshot, key)
    if fetch.outcome == "Running":
        return _attempt_of_fetch(snapshot, fetch)
    # More memory may be the fix, so the next attempt begins at once.
    if fetch.outcome == "Failed" and _has_other_resources(snapshot, fetch):
        return _next_attempt(snapshot, key)
    retry = retry_of_newest(snapshot)
    if retry and snapshot.now >= retry.at:
        return _next_attempt(snapshot, key, retry.number)
    # A quick retry comes soon, and answers the open requests too.
    if retry is not None and retry.soon:
        return None
    return _next_attempt(snapshot, key) if pending_requests(snapshot) else None


def key_of(dataset: Dataset) -> str:
    """Return a hash of all that a fetch depends on in the spec, and of the refresh annotation.

    Defaults are left out, so that a new field in a later version does not cause a new fetch.
    """
    spec = dataset.spec.model_dump(
        mode="json",
        include={"source", "format", "schema_", "expectations", "question"},
        exclude_defaults=True,
    )
    refresh = dataset.metadata.annotations.get(names.REFRESH_ANNOTATION, "")
    return canonical.short([spec, refresh], length=16)


def pending_requests(snapshot: DatasetSnapshot) -> tuple[str, ...]:
    """Return the requests that no fetch has answered yet.

    The list of answers is bounded. While it is full of answers that a monitor has yet to read, new
    requests wait.
    """
    answered = {refresh.id for refresh in snapshot.dataset.status.refreshes}
    if len(answered & set(snapshot.requests)) >= REFRESHES:
        return ()
    return tuple(each for each in snapshot.requests if each not in answered)[:REFRESHES]


def retry_of_newest(snapshot: DatasetSnapshot) -> Retry | None:
    """Return the retry of the newest fetch, if that failed for a cause that may pass."""
    fetch = snapshot.dataset.status.fetch
    valid = condition_of(snapshot.dataset.status, VALID)
    if fetch is None or valid is None:
        return None
    prospect = jobs.prospect_of(valid.reason, _is_temporary(snapshot, fetch, valid.reason))
    return next_retry(fetch, prospect, _number(snapshot, fetch.job))


def _is_temporary(snapshot: DatasetSnapshot, fetch: Fetch, reason: str) -> bool | None:
    """Return whether the step said that the failure is temporary; None when its Job or pod is gone.

    The status keeps the reason only.
    """
    outcome = jobs.outcome_of(fetch.job, snapshot.jobs, snapshot.outcomes)
    return outcome.temporary if outcome and outcome.reason == reason else None


def _attempt_of_fetch(snapshot: DatasetSnapshot, fetch: Fetch) -> Attempt:
    """Return the attempt of a fetch, as the annotations of its Job record it."""
    job = jobs.find(snapshot.jobs, fetch.job)
    annotations = job["metadata"].get("annotations", {}) if job else {}
    has_requests = REQUESTS in annotations
    requests = _strings(annotations[REQUESTS]) if has_requests else pending_requests(snapshot)
    number = _number(snapshot, fetch.job)
    resources_hash = annotations.get(RESOURCES, "") if job else _resources_hash(snapshot.dataset)
    return Attempt(
        key=fetch.key,
        job=fetch.job,
        number=number,
        requests=requests,
        resources_hash=resources_hash,
    )


def _next_attempt(snapshot: DatasetSnapshot, key: str, number: int = 1) -> Attempt:
    """Return the attempt after the one in the status; its Job may exist already."""
    fetch, name = snapshot.dataset.status.fetch, snapshot.dataset.metadata.name
    previous = fetch.job if fetch else ""
    # The uid is part of the name: a Dataset that is created again gets a Job of its own.
    job = f"{name}-profile-{canonical.short([snapshot.dataset.metadata.uid, key, previous])}"
    found = jobs.find(snapshot.jobs, job)
    if found is not None:
        return _attempt_of_fetch(snapshot, Fetch(key=key, job=job))
    resources_hash = _resources_hash(snapshot.dataset)
    return Attempt(
        key=key,
        job=job,
        number=number,
        requests=pending_requests(snapshot),
        resources_hash=resources_hash,
    )


def _resources_hash(dataset: Dataset) -> str:
    """Return a hash of spec.resources."""
    resources = dataset.spec.resources
    return canonical.short(resources.model_dump(mode="json") if resources else None)


def _has_other_resources(snapshot: DatasetSnapshot, fetch: Fetch) -> bool:
    """Return whether spec.resources changed since this fetch failed."""
    job = jobs.find(snapshot.jobs, fetch.job)
    had = job["metadata"].get("annotations", {}).get(RESOURCES) if job else None
    return had is not None and had != _resources_hash(snapshot.dataset)


def _number(snapshot: DatasetSnapshot, name: str) -> int:
    """Return the attempt number of this Job; 1 when the Job no longer exists."""
    job = jobs.find(snapshot.jobs, name)
    text = job["metadata"].get("annotations", {}).get(ATTEMPT, "1") if job else "1"
    return int(text) if text.isdecimal() else 1


def _strings(text: str) -> tuple[str, ...]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def next_retry(fetch: Fetch, prospect: Prospect, number: int) -> Retry | None:
    """Return the retry after this fetch, which had this attempt number; None if there is none."""
    if fetch.outcome != "Failed" or fetch.time is None:
        return None
    if has_quick_retry(prospect, number):
        wait = timedelta(seconds=QUICK_SECONDS[number - 1])
        return Retry(at=fetch.time + wait, number=number + 1, soon=True)
    if prospect not in ("Passes", "Fixable"):
        return None
    wait = timedelta(seconds=SLOW_SECONDS)
    return Retry(at=fetch.time + wait, number=number + 1, soon=False)


def has_quick_retry(prospect: Prospect, number: int) -> bool:
    """Return whether this attempt is retried quickly, so that no person needs to act yet."""
    return prospect == "Passes" and number <= len(QUICK_SECONDS)


def revision_rules_hash(dataset: Dataset) -> str:
    """Return a hash of the schema, the question and its holdout, without descriptions.

    Defaults are left out, so that a new field in a later version does not make a new revision.
    """
    spec = dataset.spec
    return canonical.short(
        [_hashed_schema(spec.schema_), _hashed_question(spec.question), _hashed_holdout(dataset)],
        length=16,
    )


def _hashed_schema(schema: DataSchema) -> Any:
    """Return the schema with its columns sorted by name."""
    found = schema.model_dump(
        mode="json", exclude_defaults=True, exclude={"columns": {"__all__": {"description"}}}
    )
    return {**found, "columns": sorted(found["columns"], key=lambda each: str(each["name"]))}


def _hashed_question(question: Question | None) -> Any:
    """Return the question without its holdout."""
    if question is None:
        return None
    return question.model_dump(mode="json", exclude_defaults=True, exclude={"holdout"})


def _hashed_holdout(dataset: Dataset) -> Any:
    """Return the holdout with its defaults resolved, so that equal holdouts have equal hashes."""
    question = dataset.spec.question
    if question is None:
        return None
    by = question.holdout.by or ("Time" if dataset.spec.schema_.time_column else "Row")
    return [by, question.holdout.column if by == "Group" else None, question.holdout.share]
