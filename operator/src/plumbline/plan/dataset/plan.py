"""What a Dataset needs: to be fetched when something asks for it, and its newest fetch recorded.

A revision is made of rows that hold every rule; whatever goes wrong later, the last one stays.
"""

from dataclasses import replace

from plumbline.api.objects import Manifest
from plumbline.api.plan import Deletion, Plan
from plumbline.api.reasons import DatasetReason
from plumbline.api.v1alpha1.dataset import DatasetStatus, Fetch
from plumbline.plan.common import access, jobs
from plumbline.plan.common.conditions import held, stalled
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.job_progress import look
from plumbline.plan.common.status import changed, still, whole
from plumbline.plan.dataset import attempt as dataset_fetch
from plumbline.plan.dataset.attempt import Attempt
from plumbline.plan.dataset.conditions import fetching, rested, valid_before
from plumbline.plan.dataset.result import recorded
from plumbline.plan.dataset.retry import Retry, retry_of
from plumbline.plan.dataset.snapshot import DatasetSnapshot
from plumbline.plan.specs.profile_job import COMPONENT, profile_job


def plan(snapshot: DatasetSnapshot) -> Plan:
    """Return what should be true of a Dataset and its profile Job."""
    if snapshot.dataset.metadata.deletion_timestamp:
        return Plan()
    if conditions := _blocked(snapshot):
        return Plan(status=_status(snapshot, snapshot.dataset.status, conditions))
    attempt = dataset_fetch.current(snapshot)
    if attempt is None:
        return _at_rest(snapshot)
    outcome = jobs.outcome_of(attempt.job, snapshot.jobs, snapshot.outcomes)
    if outcome is None or outcome.state == "Active":
        return _fetch(snapshot, attempt, outcome)
    return _record(snapshot, attempt, outcome)


def _blocked(snapshot: DatasetSnapshot) -> list[Manifest]:
    """Return the conditions of a Dataset that nothing may be done for; none when it may."""
    about, valid = snapshot.dataset.metadata, valid_before(snapshot.dataset.status)
    if snapshot.dataset.spec.suspend:
        message = "spec.suspend is true: the source is not read; revisions made so far stay in use."
        return [*held(DatasetReason.SUSPENDED, message), valid]
    if missing := access.store_missing(about.namespace, snapshot.settings):
        return [*stalled(DatasetReason.STORE_CREDENTIALS_MISSING, missing), valid]
    return []


def _at_rest(snapshot: DatasetSnapshot) -> Plan:
    """Nothing asks for a fetch: say again how the newest one ended."""
    status, valid = snapshot.dataset.status, valid_before(snapshot.dataset.status)
    return _rested(snapshot, status, valid, dataset_fetch.retry(snapshot))


def _fetch(snapshot: DatasetSnapshot, attempt: Attempt, outcome: JobOutcome | None) -> Plan:
    """Have the attempt's Job, and say how it goes."""
    dataset, running = snapshot.dataset, Fetch(key=attempt.key, job=attempt.job)
    status = changed(dataset.status, fetch=running)
    found = look(outcome or jobs.ACTIVE, snapshot.now)
    told = fetching(dataset, attempt.job, found)
    calm = still(told, dataset.status, generation=dataset.metadata.generation)
    return Plan(
        create=_made(snapshot, attempt)[: 1 if outcome else 2],
        status=_status(snapshot, status, [*calm, valid_before(dataset.status)]),
        delete=_left_behind(snapshot, attempt.job),
        requeue_at=found.again_at,
    )


def _made(snapshot: DatasetSnapshot, attempt: Attempt) -> tuple[Manifest, Manifest]:
    """Return the task and the Job; a Job under way still needs its task."""
    return profile_job(
        attempt.job,
        snapshot.dataset,
        settings=snapshot.settings,
        annotations=attempt.annotations,
    )


def _record(snapshot: DatasetSnapshot, attempt: Attempt, outcome: JobOutcome) -> Plan:
    """Take over what a finished attempt has found."""
    result = recorded(snapshot, attempt, outcome)
    again = retry_of(result.fetch, result.valid["reason"], attempt.number)
    plan = _rested(snapshot, result.status, result.valid, again)
    return replace(plan, events=(result.event,))


def _rested(
    snapshot: DatasetSnapshot, status: DatasetStatus, valid: Manifest, again: Retry | None
) -> Plan:
    conditions = [*rested(snapshot.dataset, status, valid, again), valid]
    return Plan(
        status=_status(snapshot, status, conditions),
        delete=_left_behind(snapshot, status.fetch.job if status.fetch else ""),
        requeue_at=again.at if again else None,
    )


def _left_behind(snapshot: DatasetSnapshot, newest: str) -> tuple[Deletion, ...]:
    """Return the children of attempts before the newest, whose results are in the status."""
    children = [*snapshot.jobs, *snapshot.config_maps]
    mine = (each for each in children if jobs.plays(each, COMPONENT))
    old = (each for each in mine if each["metadata"]["name"] != newest)
    return tuple(jobs.deletion(each) for each in old if not jobs.leaves(each))


def _status(
    snapshot: DatasetSnapshot, status: DatasetStatus, conditions: list[Manifest]
) -> Manifest:
    return whole(status, generation=snapshot.dataset.metadata.generation, conditions=conditions)
