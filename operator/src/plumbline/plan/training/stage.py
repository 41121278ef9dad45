"""One stage of a run: its Job is made, waited for, or has ended the run."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.api.objects import Manifest
from plumbline.api.plan import Event, Plan
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_run import TrainingRunStatus
from plumbline.plan.common import jobs
from plumbline.plan.common.conditions import condition
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.job_progress import Look, look
from plumbline.plan.common.status import changed, moment, still, whole
from plumbline.plan.training.preconditions import blocked
from plumbline.plan.training.progress import under_way
from plumbline.plan.training.result import Ending, failed, unreadable
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.plan.training.task import frozen_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage and its Job.

    Attributes:
        status: what is known of the run so far, conditions left out.
        job: name of the Job.
        doing: reason of the conditions while the Job is under way.
    """

    snapshot: TrainingRunSnapshot
    status: TrainingRunStatus
    job: str
    doing: Reason


def make(stage: Stage, job: Manifest) -> Plan:
    """Make the Job, unless the run is held."""
    if conditions := blocked(stage.snapshot):
        return say(stage.snapshot, stage.status, conditions)
    time = stage.status.start_time or moment(stage.snapshot.now)
    started = changed(stage.status, start_time=time)
    told = under_way(stage.snapshot.run, job, Look(outcome=jobs.ACTIVE), doing=stage.doing)
    event = Event(type="Normal", reason=stage.doing, message=f"made Job {stage.job}")
    return replace(say(stage.snapshot, started, told), create=(job,), events=(event,))


def wait(stage: Stage, outcome: JobOutcome) -> Plan:
    """Say how the Job goes."""
    run, job = stage.snapshot.run, jobs.find(stage.snapshot.jobs, stage.job)
    found = look(outcome, stage.snapshot.now)
    told = under_way(run, job or {"metadata": {"name": stage.job}}, found, doing=stage.doing)
    calm = still(told, run.status, generation=run.metadata.generation)
    said = say(stage.snapshot, stage.status, calm)
    return replace(said, requeue_at=found.again_at)


def fail(stage: Stage, outcome: JobOutcome) -> Plan:
    """End the run for good: its Job has failed."""
    ending = failed(stage.status, outcome.reason, outcome.message, stage.snapshot.now)
    return end(stage.snapshot, ending)


def refuse(stage: Stage, outcome: JobOutcome) -> Plan:
    """End the run for good: what its Job wrote is not what it should have written."""
    text = unreadable(stage.job, outcome)
    ending = failed(stage.status, Reason.RESULT_INVALID, text, stage.snapshot.now)
    return end(stage.snapshot, ending)


def end(snapshot: TrainingRunSnapshot, ending: Ending) -> Plan:
    """Write the end of a run."""
    status, conditions, event = ending
    said = say(snapshot, status, conditions)
    return replace(said, events=(event,), requeue_at=_expiry(snapshot, status))


def finished(snapshot: TrainingRunSnapshot) -> Plan:
    """Leave an ended run as it is; its Jobs go when their time is over."""
    status, words = snapshot.run.status, {"True": True, "False": False, "Unknown": None}
    conditions = [
        condition(each.type, status=words[each.status], reason=each.reason, message=each.message)
        for each in status.conditions
    ]
    said, expiry = say(snapshot, status, conditions), _expiry(snapshot, status)
    if expiry is None or not snapshot.jobs:
        return said
    if snapshot.now < expiry:
        return replace(said, requeue_at=expiry)
    old = (job for job in snapshot.jobs if not jobs.leaves(job))
    return replace(said, delete=tuple(jobs.deletion(job) for job in old))


def say(
    snapshot: TrainingRunSnapshot, status: TrainingRunStatus, conditions: list[Manifest]
) -> Plan:
    """Return the plan that only writes the status."""
    generation = snapshot.run.metadata.generation
    return Plan(status=whole(status, generation=generation, conditions=conditions))


def _expiry(snapshot: TrainingRunSnapshot, status: TrainingRunStatus) -> datetime | None:
    """Return when the Jobs of an ended run go; None for never."""
    seconds = snapshot.run.spec.ttl_seconds_after_finished
    frozen = frozen_spec(snapshot.frozen) if snapshot.frozen else None
    if seconds is None and frozen:
        seconds = frozen[0].pod.ttl_seconds_after_finished
    if seconds is None or status.completion_time is None:
        return None
    return status.completion_time + timedelta(seconds=seconds)
