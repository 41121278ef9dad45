"""One stage of a run: its Job is made, waited for, or ends the run with a model or without one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.api import decision
from plumbline.api.decision import Decision, first
from plumbline.api.objects import Manifest, is_leaving
from plumbline.api.plan import Deletion, Event, Plan
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_run import RunModel, TrainingRunStatus
from plumbline.contract.model_manifest import ModelResult
from plumbline.plan.common import conditions, jobs, pod_failures
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.jobs import JobProgress
from plumbline.plan.specs.job import QUEUE_LABEL
from plumbline.plan.specs.judge_job import JudgeRequest
from plumbline.plan.training import freeze, preconditions
from plumbline.plan.training.snapshot import TrainingRunSnapshot

IMMUTABLE = "A TrainingRun is immutable: mend that and make a new run."
MENDED = "The Job goes on by itself when that is mended."


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
    if blocked := preconditions.blocked(stage.snapshot):
        return say(stage.snapshot, stage.status, blocked)
    time = stage.status.start_time or conditions.truncated(stage.snapshot.now)
    started = conditions.changed(stage.status, start_time=time)
    told = replace(_under_way(stage, job, jobs.WELL), acts=True)
    event = Event(type="Normal", reason=stage.doing, message=f"made Job {stage.job}")
    return replace(say(stage.snapshot, started, told), create=(job,), events=(event,))


def wait(stage: Stage, outcome: JobOutcome) -> Plan:
    """Say how the Job gets on."""
    snapshot, run = stage.snapshot, stage.snapshot.run
    job = jobs.find(snapshot.jobs, stage.job) or {"metadata": {"name": stage.job}}
    progress = jobs.progress(outcome, snapshot.now)
    told = _under_way(stage, job, progress)
    generation = run.metadata.generation
    calm = conditions.keep_messages(conditions.of(told), run.status, generation=generation)
    status = conditions.full_status(stage.status, generation=generation, conditions=calm)
    return Plan(status=status, decisions=(told,), requeue_at=progress.again_at)


def fail(stage: Stage, outcome: JobOutcome) -> Plan:
    """End the run for good: its Job has failed."""
    return _end_without_model(stage, "job_failed", outcome.reason, outcome.message)


def refuse(stage: Stage, outcome: JobOutcome) -> Plan:
    """End the run for good: what its Job wrote is not what it should have written."""
    text = (
        f"manifest {outcome.manifest} of Job {stage.job} is not what its step writes: do the "
        f"operator and its trainer image have the same version?"
    )
    return _end_without_model(stage, "result_invalid", Reason.RESULT_INVALID, text)


def judged(stage: Stage, record: ModelResult, manifest: str, request: JudgeRequest) -> Plan:
    """End the run with the model that has been judged."""
    status = conditions.changed(
        stage.status,
        champion=request.champion.digest if request.champion else None,
        model=RunModel(digest=record.model.digest, manifest=manifest, engine=record.model.engine),
        metrics=list(record.metrics),
        gates=list(record.gates),
        verdict=record.verdict,
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
    """Leave an ended run as it is; its Jobs go when their time is over."""
    status, generation = snapshot.run.status, snapshot.run.metadata.generation
    stored = conditions.stored_conditions(status)
    said = Plan(status=conditions.full_status(status, generation=generation, conditions=stored))
    expiry = _expiry(snapshot, status)
    if expiry is None or not snapshot.jobs:
        return said
    if snapshot.now < expiry:
        return replace(said, requeue_at=expiry)
    old = tuple(Deletion.of(job) for job in snapshot.jobs if not is_leaving(job))
    return replace(said, delete=old, decisions=(_expired(len(old)),) if old else ())


def say(snapshot: TrainingRunSnapshot, status: TrainingRunStatus, told: Decision) -> Plan:
    """Return the plan that only writes the status."""
    generation = snapshot.run.metadata.generation
    found = conditions.full_status(status, generation=generation, conditions=conditions.of(told))
    return Plan(status=found, decisions=(told,))


def _end_without_model(stage: Stage, rule: str, reason: str, message: str) -> Plan:
    time = conditions.truncated(stage.snapshot.now)
    status = conditions.changed(stage.status, completion_time=time)
    text = f"{message.rstrip('. ')}. {IMMUTABLE}"
    told = decision.stalled(f"training.{rule}", reason, text, job=stage.job)
    event = Event(type="Warning", reason=reason, message=message)
    return _end(stage.snapshot, status, told, event)


def _end(
    snapshot: TrainingRunSnapshot, status: TrainingRunStatus, told: Decision, event: Event
) -> Plan:
    said = say(snapshot, status, replace(told, acts=True))
    return replace(said, events=(event,), requeue_at=_expiry(snapshot, status))


def _expiry(snapshot: TrainingRunSnapshot, status: TrainingRunStatus) -> datetime | None:
    """Return when the Jobs of an ended run go; None for never."""
    seconds = snapshot.run.spec.ttl_seconds_after_finished
    frozen = freeze.frozen_spec(snapshot.frozen) if snapshot.frozen else None
    if seconds is None and frozen:
        seconds = frozen[0].pod.ttl_seconds_after_finished
    if seconds is None or status.completion_time is None:
        return None
    return status.completion_time + timedelta(seconds=seconds)


def _expired(number: int) -> Decision:
    text = f"ttlSecondsAfterFinished is over: {number} Jobs go"
    found = decision.ready("training.expired", "Expired", text, jobs=number)
    return replace(found, about="", acts=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnderWay:
    """A stage whose Job has not ended, and the Job."""

    stage: Stage
    job: Manifest
    progress: JobProgress

    @property
    def name(self) -> str:
        return str(self.job["metadata"]["name"])

    @property
    def outcome(self) -> JobOutcome:
        return self.progress.outcome


def _under_way(stage: Stage, job: Manifest, progress: JobProgress) -> Decision:
    """Return how a run stands while its Job has not ended."""
    now = _UnderWay(stage=stage, job=job, progress=progress)
    return first(UNDER_WAY, now) or _goes_on(now)


def _suspended(now: _UnderWay) -> Decision | None:
    if not now.stage.snapshot.run.spec.suspend:
        return None
    text = f"spec.suspend is true: Job {now.name} is the last one made."
    return decision.held("training.suspended", Reason.SUSPENDED, text, job=now.name)


def _queued(now: _UnderWay) -> Decision | None:
    if not jobs.is_queued(now.job):
        return None
    queue = now.stage.snapshot.run.metadata.labels.get(QUEUE_LABEL, "")
    text = f"Job {now.name} waits until queue {queue} admits it."
    return decision.working("training.queued", Reason.QUEUED, text, job=now.name, queue=queue)


def _stuck(now: _UnderWay) -> Decision | None:
    if not now.progress.final:
        return None
    is_final = pod_failures.meaning(now.outcome.reason).prospect == "Final"
    remedy = IMMUTABLE if is_final else MENDED
    text = f"{now.outcome.message.rstrip('. ')}. {remedy}"
    return decision.stalled("training.job_stuck", now.outcome.reason, text, job=now.name)


def _kept(now: _UnderWay) -> Decision | None:
    if not now.outcome.reason:
        return None
    reason, message = now.outcome.reason, now.outcome.message
    return decision.working("training.job_kept", reason, message, job=now.name)


def _goes_on(now: _UnderWay) -> Decision:
    text = f"Job {now.name} is under way."
    return decision.working("training.job_under_way", now.stage.doing, text, job=now.name)


def _verdict(record: ModelResult) -> Decision:
    """Return the verdict with its numbers: those of the gates that decided it, or all metrics."""
    evidence = {"model": record.model.digest, "gates": len(record.gates)}
    if record.verdict == "Passed":
        return decision.ready("training.passed", Reason.COMPLETE, _passed(record), **evidence)
    word = {"Failed": "failed", "Inconclusive": "inconclusive"}[record.verdict]
    reason = Reason.GATE_FAILED if word == "failed" else Reason.GATE_INCONCLUSIVE
    deciding = [each for each in record.gates if each.verdict == record.verdict]
    told = "; ".join(f"{each.name}: {each.message}" for each in deciding)
    text = f"{len(deciding)} of {len(record.gates)} gates {word}: {told}"
    return decision.stalled(f"training.gate_{word}", reason, text, **evidence)


def _passed(record: ModelResult) -> str:
    count = len(record.gates)
    gates = {0: "Judged without gates", 1: "The gate passed"}
    shown = [
        f"{each.name} {each.value:.4g} ({each.low:.4g} to {each.high:.4g}, {each.n} rows)"
        for each in record.metrics[:4]
    ]
    return f"{gates.get(count, f'All {count} gates passed')}: {', '.join(shown) or 'no metrics'}."


UNDER_WAY: tuple[Callable[[_UnderWay], Decision | None], ...] = (
    _suspended,  # spec.suspend is set; the Job that exists may end
    _queued,  # a queue has not let the Job in
    _stuck,  # waiting alone does not help
    _kept,  # something keeps it that may pass
    _goes_on,  # it works
)
