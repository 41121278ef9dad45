"""One stage of a run: its Job is created, awaited, or ends the run with or without a model."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.api import decision
from plumbline.api.decision import Decision, decide
from plumbline.api.objects import Manifest, is_leaving
from plumbline.api.plan import Deletion, Event, Plan
from plumbline.api.sentences import clause, sentence
from plumbline.api.v1alpha1.training_run import RunModel, TrainingRunStatus
from plumbline.api.v1alpha1.training_run import TrainingRunReason as Reason
from plumbline.contract.model_manifest import ModelResult
from plumbline.contract.tasks import JudgeTask
from plumbline.plan.common import conditions, jobs, pod_failures
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.jobs import JobProgress
from plumbline.plan.specs.job import QUEUE_LABEL
from plumbline.plan.training import freeze, preconditions
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.stats.text import estimate

IMMUTABLE = "This run cannot be changed or repeated: fix the cause and create a new run."
FIXED = "The Job continues when the cause is fixed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage and its Job.

    Attributes:
        status: the run's status so far, without conditions.
        job: name of the Job.
        doing: reason of the conditions while the Job is active.
    """

    snapshot: TrainingRunSnapshot
    status: TrainingRunStatus
    job: str
    doing: Reason


def create_job(stage: Stage, job: Manifest) -> Plan:
    """Return the plan that creates the Job, unless the run is suspended or has no store."""
    if blocked := preconditions.blocked(stage.snapshot):
        return only_status(stage.snapshot, stage.status, blocked)
    time = stage.status.start_time or conditions.truncated(stage.snapshot.now)
    started = conditions.changed(stage.status, start_time=time)
    decided = replace(_about_active_job(stage, job, jobs.WELL), acts=True)
    event = Event(type="Normal", reason=stage.doing, message=f"Created Job {stage.job}.")
    return replace(only_status(stage.snapshot, started, decided), create=(job,), events=(event,))


def await_job(stage: Stage, outcome: JobOutcome) -> Plan:
    """Return the plan that reports the Job's progress."""
    snapshot, run = stage.snapshot, stage.snapshot.run
    job = jobs.find(snapshot.jobs, stage.job) or {"metadata": {"name": stage.job}}
    progress = jobs.progress(outcome, snapshot.now)
    decided = _about_active_job(stage, job, progress)
    generation = run.metadata.generation
    steady = conditions.keep_messages(conditions.of(decided), run.status, generation=generation)
    status = conditions.full_status(stage.status, generation=generation, conditions=steady)
    return Plan(status=status, decisions=(decided,), requeue_at=progress.again_at)


def end_failed(stage: Stage, outcome: JobOutcome) -> Plan:
    """Return the plan that ends the run, because its Job failed."""
    return _end_without_model(stage, "job_failed", outcome.reason, outcome.message)


def end_unusable(stage: Stage) -> Plan:
    """Return the plan that ends the run, because the result of its Job cannot be used."""
    text = (
        f"Job {stage.job} wrote a result that this operator cannot read. Use the same version for "
        f"the operator image and the trainer image."
    )
    return _end_without_model(stage, "result_invalid", Reason.RESULT_INVALID, text)


def end_judged(stage: Stage, record: ModelResult, manifest: str, task: JudgeTask) -> Plan:
    """Return the plan that ends the run with the model that was evaluated."""
    dataset = stage.status.dataset
    status = conditions.changed(
        stage.status,
        champion=task.champion.digest if task.champion else None,
        model=RunModel(digest=record.model.digest, manifest=manifest, engine=record.model.engine),
        metrics=list(record.metrics),
        gates=list(record.gates),
        verdict=record.verdict,
        look=record.look or None,
        evaluated_on=dataset.name if dataset else None,
        report=record.report,
        completion_time=conditions.truncated(stage.snapshot.now),
    )
    verdict = _verdict(record)
    event = Event(
        type="Normal" if verdict.state == "Ready" else "Warning",
        reason=verdict.reason,
        message=verdict.message,
    )
    return _end(stage.snapshot, status, verdict, event)


def finished(snapshot: TrainingRunSnapshot) -> Plan:
    """Return the plan of an ended run, which only deletes its Jobs when they expire."""
    status, generation = snapshot.run.status, snapshot.run.metadata.generation
    stored = conditions.stored_conditions(status)
    unchanged = Plan(
        status=conditions.full_status(status, generation=generation, conditions=stored)
    )
    expiry = _expiry(snapshot, status)
    if expiry is None or not snapshot.jobs:
        return unchanged
    if snapshot.now < expiry:
        return replace(unchanged, requeue_at=expiry)
    old = tuple(Deletion.of(job) for job in snapshot.jobs if not is_leaving(job))
    return replace(unchanged, delete=old, decisions=(_expiry_decision(len(old)),) if old else ())


def only_status(
    snapshot: TrainingRunSnapshot, status: TrainingRunStatus, decided: Decision
) -> Plan:
    """Return the plan that only writes the status."""
    generation = snapshot.run.metadata.generation
    found = conditions.full_status(status, generation=generation, conditions=conditions.of(decided))
    return Plan(status=found, decisions=(decided,))


def _end_without_model(stage: Stage, rule: str, reason: str, message: str) -> Plan:
    time = conditions.truncated(stage.snapshot.now)
    status = conditions.changed(stage.status, completion_time=time)
    text = f"{sentence(message)} {IMMUTABLE}"
    decided = decision.stalled(f"training.{rule}", reason, text, job=stage.job)
    event = Event(type="Warning", reason=reason, message=sentence(message))
    return _end(stage.snapshot, status, decided, event)


def _end(
    snapshot: TrainingRunSnapshot, status: TrainingRunStatus, decided: Decision, event: Event
) -> Plan:
    plan = only_status(snapshot, status, replace(decided, acts=True))
    return replace(plan, events=(event,), requeue_at=_expiry(snapshot, status))


def _expiry(snapshot: TrainingRunSnapshot, status: TrainingRunStatus) -> datetime | None:
    """Return when the Jobs of an ended run are deleted; None for never."""
    seconds = snapshot.run.spec.ttl_seconds_after_finished
    frozen = freeze.frozen_spec(snapshot.frozen) if snapshot.frozen else None
    if seconds is None and frozen:
        seconds = frozen.spec.pod.ttl_seconds_after_finished
    if seconds is None or status.completion_time is None:
        return None
    return status.completion_time + timedelta(seconds=seconds)


def _expiry_decision(number: int) -> Decision:
    which = f"{number} Job{'s' * (number != 1)}"
    text = f"Deleting {which}, because spec.ttlSecondsAfterFinished is over."
    found = decision.ready("training.expired", "Expired", text, jobs=number)
    return replace(found, condition_type="", acts=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ActiveJob:
    """The Job of a stage, which has not ended."""

    stage: Stage
    job: Manifest
    progress: JobProgress

    @property
    def name(self) -> str:
        return str(self.job["metadata"]["name"])

    @property
    def outcome(self) -> JobOutcome:
        return self.progress.outcome


def _about_active_job(stage: Stage, job: Manifest, progress: JobProgress) -> Decision:
    """Return the decision about a run whose Job has not ended."""
    active = _ActiveJob(stage=stage, job=job, progress=progress)
    return decide(ACTIVE_JOB, active)


def _suspended(active: _ActiveJob) -> Decision | None:
    if not active.stage.snapshot.run.spec.suspend:
        return None
    text = f"Paused because spec.suspend is true: no Job is created after Job {active.name}."
    return decision.held("training.suspended", Reason.SUSPENDED, text, job=active.name)


def _queued(active: _ActiveJob) -> Decision | None:
    if not jobs.is_queued(active.job):
        return None
    queue = active.stage.snapshot.run.metadata.labels.get(QUEUE_LABEL, "")
    text = f"Job {active.name} is waiting until queue {queue} admits it."
    return decision.working("training.queued", Reason.QUEUED, text, job=active.name, queue=queue)


def _blocked(active: _ActiveJob) -> Decision | None:
    if not active.progress.final:
        return None
    is_final = pod_failures.pod_reason(active.outcome.reason).prospect == "Final"
    remedy = IMMUTABLE if is_final else FIXED
    text = f"{sentence(active.outcome.message)} {remedy}"
    return decision.stalled("training.job_stuck", active.outcome.reason, text, job=active.name)


def _delayed(active: _ActiveJob) -> Decision | None:
    if not active.outcome.reason:
        return None
    reason, message = active.outcome.reason, active.outcome.message
    return decision.working("training.job_kept", reason, message, job=active.name)


def _runs(active: _ActiveJob) -> Decision:
    text = f"Job {active.name} is running."
    return decision.working("training.job_under_way", active.stage.doing, text, job=active.name)


def _verdict(record: ModelResult) -> Decision:
    """Return the verdict with the numbers of the gates that decided it, or of the metrics."""
    evidence = {"model": record.model.digest, "gates": len(record.gates)}
    if record.verdict == "Passed":
        return decision.ready("training.passed", Reason.COMPLETE, _passed(record), **evidence)
    word = {"Failed": "failed", "Inconclusive": "inconclusive"}[record.verdict]
    reason = Reason.GATE_FAILED if word == "failed" else Reason.GATE_INCONCLUSIVE
    deciding = [each for each in record.gates if each.verdict == record.verdict]
    numbers = "; ".join(clause(each.message) for each in deciding)
    is_only = len(record.gates) == 1
    which = "The gate" if is_only else f"{len(deciding)} of {len(record.gates)} gates"
    verb = f"{'is' if is_only or len(deciding) == 1 else 'are'} " if word == "inconclusive" else ""
    text = f"{which} {verb}{word}: {numbers}."
    return decision.stalled(f"training.gate_{word}", reason, text, **evidence)


def _passed(record: ModelResult) -> str:
    count = len(record.gates)
    gates = {0: "Evaluated without gates", 1: "The gate passed"}
    shown = [
        f"{each.name} {estimate(each.value, each.low, each.high, each.n)}"
        for each in record.metrics[:4]
    ]
    return f"{gates.get(count, f'All {count} gates passed')}: {', '.join(shown) or 'no metrics'}."


ACTIVE_JOB: tuple[Callable[[_ActiveJob], Decision | None], ...] = (
    _suspended,  # spec.suspend is true; the Job that exists may finish
    _queued,  # a queue has not admitted the Job
    _blocked,  # waiting does not help
    _delayed,  # a problem delays it that may pass
    _runs,  # it is running
)
