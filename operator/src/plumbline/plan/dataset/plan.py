"""The plan of a Dataset: fetch the source when that is requested, and record the newest fetch.

A revision is made only of rows that pass every rule. It stays in use when a later fetch fails.
"""

from dataclasses import replace

from plumbline.api.decision import Decision
from plumbline.api.objects import Manifest, is_leaving
from plumbline.api.plan import Deletion, Plan
from plumbline.api.v1alpha1.dataset import DatasetStatus, Fetch
from plumbline.plan.common import conditions, jobs
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.dataset import decisions, looks
from plumbline.plan.dataset import fetch_attempt as attempts
from plumbline.plan.dataset import result as results
from plumbline.plan.dataset.decisions import Fetching, Idle
from plumbline.plan.dataset.fetch_attempt import Attempt, Retry
from plumbline.plan.dataset.snapshot import DatasetSnapshot
from plumbline.plan.specs.profile_job import COMPONENT, profile_job


def plan(snapshot: DatasetSnapshot) -> Plan:
    """Return the plan for a Dataset and its profile Job."""
    if snapshot.dataset.metadata.deletion_timestamp:
        return Plan()  # the garbage collector deletes the children
    snapshot = _with_looks(snapshot)
    status = snapshot.dataset.status
    if blocked := decisions.blocked(snapshot):
        return _only_status(snapshot, status, blocked, decisions.stored_validity(status))
    attempt = attempts.current(snapshot)
    if attempt is None:
        # No fetch is requested: the newest one counts.
        valid, retry = decisions.stored_validity(status), attempts.retry_of_newest(snapshot)
        return _plan_without_job(snapshot, status, valid, retry)
    outcome = jobs.outcome_of(attempt.job, snapshot.jobs, snapshot.outcomes)
    if outcome is None or outcome.state == "Active":
        return _fetch(snapshot, attempt, outcome)
    return _record_result(snapshot, attempt, outcome)


def _with_looks(snapshot: DatasetSnapshot) -> DatasetSnapshot:
    """Return the snapshot in which the models of runs that have ended are counted."""
    dataset = snapshot.dataset
    status = looks.counted(dataset.status, snapshot.evaluated)
    return replace(snapshot, dataset=conditions.changed(dataset, status=status))


def _fetch(snapshot: DatasetSnapshot, attempt: Attempt, outcome: JobOutcome | None) -> Plan:
    """Return the plan that creates or keeps the attempt's Job, and reports its progress."""
    dataset, running = snapshot.dataset, Fetch(key=attempt.key, job=attempt.job)
    progress = jobs.progress(outcome or jobs.ACTIVE, snapshot.now)
    fetching = Fetching(dataset=dataset, job=attempt.job, progress=progress)
    main, work = decisions.while_fetching(fetching)
    begins = outcome is None
    task, job = _task_and_job(snapshot, attempt)
    if work:
        work = replace(work, acts=begins)
    else:
        main = replace(main, acts=begins)
    status = conditions.changed(dataset.status, fetch=running)
    valid, generation = decisions.stored_validity(dataset.status), dataset.metadata.generation
    found = conditions.of(main, valid, work=work)
    steady = conditions.keep_messages(found, dataset.status, generation=generation)
    return Plan(
        # A later pod of the Job mounts the task too, so a deleted task is created again. The Job
        # exists already if it has an outcome.
        create=(task, job) if begins else (task,),
        status=conditions.full_status(status, generation=generation, conditions=steady),
        decisions=tuple(each for each in (main, work, valid) if each),
        delete=_children_of_older(snapshot, attempt.job),
        requeue_at=progress.again_at,
    )


def _task_and_job(snapshot: DatasetSnapshot, attempt: Attempt) -> tuple[Manifest, Manifest]:
    """Return the ConfigMap with the task, and the Job."""
    return profile_job(
        attempt.job,
        snapshot.dataset,
        settings=snapshot.settings,
        annotations=attempt.annotations,
    )


def _record_result(snapshot: DatasetSnapshot, attempt: Attempt, outcome: JobOutcome) -> Plan:
    """Return the plan that records the result of a finished attempt."""
    result = results.recorded(snapshot, attempt, outcome)
    retry = attempts.next_retry(result.fetch, result.prospect, attempt.number)
    plan = _plan_without_job(snapshot, result.status, result.valid, retry)
    return replace(plan, events=(result.event,))


def _plan_without_job(
    snapshot: DatasetSnapshot, status: DatasetStatus, valid: Decision, retry: Retry | None
) -> Plan:
    """Return the plan without a Job; the next pass is when the next retry is due."""
    idle = Idle(dataset=snapshot.dataset, status=status, valid=valid, retry=retry)
    return replace(
        _only_status(snapshot, status, decisions.while_idle(idle), valid),
        delete=_children_of_older(snapshot, status.fetch.job if status.fetch else ""),
        requeue_at=retry.at if retry else None,
    )


def _children_of_older(snapshot: DatasetSnapshot, newest: str) -> tuple[Deletion, ...]:
    """Return the children of older attempts, whose results are in the status."""
    children = [*snapshot.jobs, *snapshot.config_maps]
    mine = (each for each in children if jobs.is_of_component(each, COMPONENT))
    old = (each for each in mine if each["metadata"]["name"] != newest)
    return tuple(Deletion.of(each) for each in old if not is_leaving(each))


def _only_status(
    snapshot: DatasetSnapshot, status: DatasetStatus, main: Decision, valid: Decision
) -> Plan:
    """Return the plan that only writes the status."""
    generation, found = snapshot.dataset.metadata.generation, conditions.of(main, valid)
    return Plan(
        status=conditions.full_status(status, generation=generation, conditions=found),
        decisions=(main, valid),
    )
