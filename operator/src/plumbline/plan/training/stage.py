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
from plumbline.plan.common import conditions, jobs, pod_failures
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.jobs import JobProgress
from plumbline.plan.specs.job import QUEUE_LABEL
from plumbline.plan.specs.judge_job import JudgeRequest
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


def make(stage: Stage, job: Manifest) -> Plan:
    """Create the Job, unless the run is suspended or has no store."""
    if blocked := preconditions.blocked(stage.snapshot):
        return say(stage.snapshot, stage.status, blocked)
    time = stage.status.start_time or conditions.truncated(stage.snapshot.now)
    started = conditions.changed(stage.status, start_time=time)
    told = replace(_under_way(stage, job, jobs.WELL), acts=True)
    event = Event(type="Normal", reason=stage.doing, message=f"Created Job {stage.job}.")
    return replace(say(stage.snapshot, started, told), create=(job,), events=(event,))


def wait(stage: Stage, outcome: JobOutcome) -> Plan:
    """Report the Job's progress."""
    snapshot, run = stage.snapshot, stage.snapshot.run
    job = jobs.find(snapshot.jobs, stage.job) or {"metadata": {"name": stage.job}}
    progress = jobs.progress(outcome, snapshot.now)
    told = _under_way(stage, job, progress)
    generation = run.metadata.generation
    calm = conditions.keep_messages(conditions.of(told), run.status, generation=generation)
    status = conditions.full_status(stage.status, generation=generation, conditions=calm)
    return Plan(status=status, decisions=(told,), requeue_at=progress.again_at)


def fail(stage: Stage, outcome: JobOutcome) -> Plan:
    """End the run: its Job failed."""
    return _end_without_model(stage, "job_failed", outcome.reason, outcome.message)


def refuse(stage: Stage) -> Plan:
    """End the run: the result of its Job cannot be used."""
    text = (
        f"Job {stage.job} wrote a result that this operator cannot read. Use the same version for "
        f"the operator image and the trainer image."
    )
    return _end_without_model(stage, "result_invalid", Reason.RESULT_INVALID, text)


def judged(stage: Stage, record: ModelResult, manifest: str, request: JudgeRequest) -> Plan:
    """End the run with the model that was evaluated."""
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
    """Leave an ended run as it is; its Jobs are deleted when their time is over."""
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
    text = f"{sentence(message)} {IMMUTABLE}"
    told = decision.stalled(f"training.{rule}", reason, text, job=stage.job)
    event = Event(type="Warning", reason=reason, message=sentence(message))
    return _end(stage.snapshot, status, told, event)


def _end(
    snapshot: TrainingRunSnapshot, status: TrainingRunStatus, told: Decision, event: Event
) -> Plan:
    said = say(snapshot, status, replace(told, acts=True))
    return replace(said, events=(event,), requeue_at=_expiry(snapshot, status))


def _expiry(snapshot: TrainingRunSnapshot, status: TrainingRunStatus) -> datetime | None:
    """Return when the Jobs of an ended run are deleted; None for never."""
    seconds = snapshot.run.spec.ttl_seconds_after_finished
    frozen = freeze.frozen_spec(snapshot.frozen) if snapshot.frozen else None
    if seconds is None and frozen:
        seconds = frozen[0].pod.ttl_seconds_after_finished
    if seconds is None or status.completion_time is None:
        return None
    return status.completion_time + timedelta(seconds=seconds)


def _expired(number: int) -> Decision:
    which = f"{number} Job{'s' * (number != 1)}"
    text = f"Deleting {which}, because spec.ttlSecondsAfterFinished is over."
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
    """Return the decision about a run whose Job has not ended."""
    now = _UnderWay(stage=stage, job=job, progress=progress)
    return decide(UNDER_WAY, now)


def _suspended(now: _UnderWay) -> Decision | None:
    if not now.stage.snapshot.run.spec.suspend:
        return None
    text = f"Paused because spec.suspend is true: no Job is created after Job {now.name}."
    return decision.held("training.suspended", Reason.SUSPENDED, text, job=now.name)


def _queued(now: _UnderWay) -> Decision | None:
    if not jobs.is_queued(now.job):
        return None
    queue = now.stage.snapshot.run.metadata.labels.get(QUEUE_LABEL, "")
    text = f"Job {now.name} is waiting until queue {queue} admits it."
    return decision.working("training.queued", Reason.QUEUED, text, job=now.name, queue=queue)


def _stuck(now: _UnderWay) -> Decision | None:
    if not now.progress.final:
        return None
    is_final = pod_failures.meaning(now.outcome.reason).prospect == "Final"
    remedy = IMMUTABLE if is_final else FIXED
    text = f"{sentence(now.outcome.message)} {remedy}"
    return decision.stalled("training.job_stuck", now.outcome.reason, text, job=now.name)


def _kept(now: _UnderWay) -> Decision | None:
    if not now.outcome.reason:
        return None
    reason, message = now.outcome.reason, now.outcome.message
    return decision.working("training.job_kept", reason, message, job=now.name)


def _goes_on(now: _UnderWay) -> Decision:
    text = f"Job {now.name} is running."
    return decision.working("training.job_under_way", now.stage.doing, text, job=now.name)


def _verdict(record: ModelResult) -> Decision:
    """Return the verdict with the numbers of the gates that decided it, or of the metrics."""
    evidence = {"model": record.model.digest, "gates": len(record.gates)}
    if record.verdict == "Passed":
        return decision.ready("training.passed", Reason.COMPLETE, _passed(record), **evidence)
    word = {"Failed": "failed", "Inconclusive": "inconclusive"}[record.verdict]
    reason = Reason.GATE_FAILED if word == "failed" else Reason.GATE_INCONCLUSIVE
    deciding = [each for each in record.gates if each.verdict == record.verdict]
    told = "; ".join(clause(each.message) for each in deciding)
    is_only = len(record.gates) == 1
    which = "The gate" if is_only else f"{len(deciding)} of {len(record.gates)} gates"
    verb = f"{'is' if is_only or len(deciding) == 1 else 'are'} " if word == "inconclusive" else ""
    text = f"{which} {verb}{word}: {told}."
    return decision.stalled(f"training.gate_{word}", reason, text, **evidence)


def _passed(record: ModelResult) -> str:
    count = len(record.gates)
    gates = {0: "Evaluated without gates", 1: "The gate passed"}
    shown = [
        f"{each.name} {estimate(each.value, each.low, each.high, each.n)}"
        for each in record.metrics[:4]
    ]
    return f"{gates.get(count, f'All {count} gates passed')}: {', '.join(shown) or 'no metrics'}."


UNDER_WAY: tuple[Callable[[_UnderWay], Decision | None], ...] = (
    _suspended,  # spec.suspend is true; the Job that exists may finish
    _queued,  # a queue has not admitted the Job
    _stuck,  # waiting does not help
    _kept,  # a problem delays it that may pass
    _goes_on,  # it is running
)
