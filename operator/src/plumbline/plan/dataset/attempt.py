"""Which attempt to read the source a Dataset needs: the one under way, a new one, or none.

An attempt is known by what it is for (the key) and by the Job that does it. Its Job's name is made
of both the key and the attempt before it, so that a restart finds the same name again.
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
from plumbline.plan.dataset.snapshot import DatasetSnapshot

ATTEMPT, REQUESTS, RESOURCES = f"{GROUP}/attempt", f"{GROUP}/requests", f"{GROUP}/resources"
VALID = "Valid"
REFRESHES = 10
QUICK_SECONDS = (10, 30, 90)
SLOW_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A try that follows a failure.

    Attributes:
        at: when.
        number: which attempt it will be.
        soon: whether it is one of the quick ones, before anybody is called.
    """

    at: datetime
    number: int
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to read the source.

    Attributes:
        key: what it is for.
        job: name of its Job.
        number: 1, and one more for each try after a failure of the same kind.
        requests: the monitors' requests that it answers.
        resources: a hash of the resources that it has.
    """

    key: str
    job: str
    number: int = 1
    requests: tuple[str, ...] = ()
    resources: str = ""

    @property
    def annotations(self) -> dict[str, str]:
        """What its Job says about it."""
        told = {ATTEMPT: str(self.number), REQUESTS: json.dumps(self.requests)}
        return {**told, RESOURCES: self.resources}


def current(snapshot: DatasetSnapshot) -> Attempt | None:
    """Return the attempt that is under way or has to begin now."""
    fetch, key = snapshot.dataset.status.fetch, key_of(snapshot.dataset)
    if fetch is None or fetch.key != key:
        return _next(snapshot, key)
    if fetch.outcome == "Running":
        return _under_way(snapshot, fetch)
    if fetch.outcome == "Failed" and _has_other_resources(snapshot, fetch):
        return _next(snapshot, key)
    again = retry(snapshot)
    if again and snapshot.now >= again.at:
        return _next(snapshot, key, again.number)
    waits = again is not None and again.soon
    return _next(snapshot, key) if pending(snapshot) and not waits else None


def key_of(dataset: Dataset) -> str:
    """Return a hash of everything in the spec that a fetch depends on, and of the refresh mark.

    Defaults are left out, so that a field which a later version adds reads no source again.
    """
    spec = dataset.spec.model_dump(
        mode="json",
        include={"source", "format", "schema_", "expectations", "question"},
        exclude_defaults=True,
    )
    mark = dataset.metadata.annotations.get(names.REFRESH_ANNOTATION, "")
    return canonical.short([spec, mark], length=16)


def pending(snapshot: DatasetSnapshot) -> tuple[str, ...]:
    """Return the requests that no fetch has answered yet.

    The list of answers is bounded: when it is full of requests that still stand, new ones wait.
    """
    answered = {refresh.id for refresh in snapshot.dataset.status.refreshes}
    if len(answered & set(snapshot.requests)) >= REFRESHES:
        return ()
    return tuple(each for each in snapshot.requests if each not in answered)[:REFRESHES]


def retry(snapshot: DatasetSnapshot) -> Retry | None:
    """Return the try that follows the newest fetch, if that failed for a cause that may pass."""
    fetch = snapshot.dataset.status.fetch
    valid = condition_of(snapshot.dataset.status, VALID)
    if fetch is None or valid is None:
        return None
    return retry_of(fetch, valid.reason, _number(snapshot, fetch.job))


def _under_way(snapshot: DatasetSnapshot, fetch: Fetch) -> Attempt:
    job = jobs.find(snapshot.jobs, fetch.job)
    notes = job["metadata"].get("annotations", {}) if job else {}
    requests = _strings(notes[REQUESTS]) if REQUESTS in notes else pending(snapshot)
    number = _number(snapshot, fetch.job)
    given = notes.get(RESOURCES, "") if job else _resources_of(snapshot.dataset)
    return Attempt(key=fetch.key, job=fetch.job, number=number, requests=requests, resources=given)


def _next(snapshot: DatasetSnapshot, key: str, number: int = 1) -> Attempt:
    """Return the attempt after the one in the status; its Job may exist already."""
    fetch, name = snapshot.dataset.status.fetch, snapshot.dataset.metadata.name
    after = fetch.job if fetch else ""
    job = f"{name}-profile-{canonical.short([snapshot.dataset.metadata.uid, key, after])}"
    found = jobs.find(snapshot.jobs, job)
    if found is not None:
        return _under_way(snapshot, Fetch(key=key, job=job))
    given = _resources_of(snapshot.dataset)
    return Attempt(key=key, job=job, number=number, requests=pending(snapshot), resources=given)


def _resources_of(dataset: Dataset) -> str:
    """Return a hash of the resources that the spec gives a fetch."""
    wanted = dataset.spec.resources
    return canonical.short(wanted.model_dump(mode="json") if wanted else None)


def _has_other_resources(snapshot: DatasetSnapshot, fetch: Fetch) -> bool:
    """Return whether the spec gives other resources than those with which this fetch failed."""
    job = jobs.find(snapshot.jobs, fetch.job)
    had = job["metadata"].get("annotations", {}).get(RESOURCES) if job else None
    return had is not None and had != _resources_of(snapshot.dataset)


def _number(snapshot: DatasetSnapshot, name: str) -> int:
    """Return the number of the attempt that this Job was; 1 when the Job is gone."""
    job = jobs.find(snapshot.jobs, name)
    text = job["metadata"].get("annotations", {}).get(ATTEMPT, "1") if job else "1"
    return int(text) if text.isdecimal() else 1


def _strings(text: str) -> tuple[str, ...]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def retry_of(fetch: Fetch, reason: str, number: int) -> Retry | None:
    """Return the try that follows this fetch, which was the attempt of this number."""
    if fetch.outcome != "Failed" or fetch.time is None:
        return None
    if is_quick(reason, number):
        wait = timedelta(seconds=QUICK_SECONDS[number - 1])
        return Retry(at=fetch.time + wait, number=number + 1, soon=True)
    if reason not in jobs.MENDABLE:
        return None
    wait = timedelta(seconds=SLOW_SECONDS)
    return Retry(at=fetch.time + wait, number=number + 1, soon=False)


def is_quick(reason: str, number: int) -> bool:
    """Return whether the failure will pass soon, so that no person needs to know yet."""
    return reason in jobs.TEMPORARY and number <= len(QUICK_SECONDS)


def rules_of(dataset: Dataset) -> str:
    """Return a hash of the schema, the question and its holdout; words for people do not count.

    Defaults are left out, so that a field which a later version adds makes no revision.
    """
    spec = dataset.spec
    return canonical.short(
        [_promised(spec.schema_), _asked(spec.question), _holdout(dataset)], length=16
    )


def _promised(schema: DataSchema) -> Any:
    """Return the schema with its columns in the order of their names."""
    found = schema.model_dump(
        mode="json", exclude_defaults=True, exclude={"columns": {"__all__": {"description"}}}
    )
    return {**found, "columns": sorted(found["columns"], key=lambda each: str(each["name"]))}


def _asked(question: Question | None) -> Any:
    """Return the question without its holdout."""
    if question is None:
        return None
    return question.model_dump(mode="json", exclude_defaults=True, exclude={"holdout"})


def _holdout(dataset: Dataset) -> Any:
    """Return which rows are held out, said in one way only."""
    question = dataset.spec.question
    if question is None:
        return None
    by = question.holdout.by or ("Time" if dataset.spec.schema_.time_column else "Row")
    return [by, question.holdout.column if by == "Group" else None, question.holdout.share]
