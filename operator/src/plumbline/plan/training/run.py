"""The plan of a TrainingRun: freeze its spec, then train in a Job, then evaluate in a judge Job.

The status records each finished stage; a recorded result is never computed again.
"""

from plumbline.api.decision import Decision
from plumbline.api.plan import Plan
from plumbline.api.v1alpha1.training_run import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_run import TrainingRunStatus
from plumbline.contract.manifests import read_or_none
from plumbline.contract.model_manifest import ModelResult, TrainingResult
from plumbline.plan.common import conditions
from plumbline.plan.specs.judge_job import judge_job
from plumbline.plan.specs.train_job import train_job
from plumbline.plan.training import freeze, job_choice, stage
from plumbline.plan.training.freeze import Frozen
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.plan.training.stage import Stage

__all__ = ["plan"]


def plan(snapshot: TrainingRunSnapshot) -> Plan:
    """Return the plan for a TrainingRun and its Jobs."""
    if snapshot.run.metadata.deletion_timestamp:
        return Plan()  # the garbage collector deletes the children
    if snapshot.run.status.completion_time:
        return stage.finished(snapshot)
    frozen = freeze.load_frozen(snapshot)
    if frozen is None:
        return _start(snapshot)
    if isinstance(frozen, Decision):
        return stage.only_status(snapshot, snapshot.run.status, frozen)
    return _train(snapshot, frozen)


def _start(snapshot: TrainingRunSnapshot) -> Plan:
    """Return the plan that freezes the spec; the next pass uses what was frozen."""
    made = freeze.freeze(snapshot)
    if isinstance(made, Decision):
        return stage.only_status(snapshot, snapshot.run.status, made)
    return Plan(create=(made,), requeue_at=snapshot.now, decisions=(freeze.start_decision(made),))


def _train(snapshot: TrainingRunSnapshot, frozen: Frozen) -> Plan:
    """Return the plan of the stage that trains, or of the next stage once a model is stored."""
    run, status = snapshot.run, _pinned(snapshot, frozen)
    if status.training:
        return _judge(snapshot, frozen, status)
    name, outcome = job_choice.choose_train_job(snapshot)
    training = Stage(snapshot=snapshot, status=status, job=name, doing=Reason.TRAINING)
    if outcome is None:
        return stage.create_job(
            training, train_job(name, run, frozen.spec, settings=snapshot.settings)
        )
    if outcome.state == "Active":
        return stage.await_job(training, outcome)
    if outcome.state == "Failed":
        return stage.end_failed(training, outcome)
    record = read_or_none(TrainingResult, outcome.record)
    if record is None or record.run.uid != run.metadata.uid:
        return stage.end_unusable(training)
    return _judge(snapshot, frozen, conditions.changed(status, training=outcome.manifest))


def _judge(snapshot: TrainingRunSnapshot, frozen: Frozen, status: TrainingRunStatus) -> Plan:
    """Return the plan of the stage that compares the model with the one that serves now."""
    run = snapshot.run
    task = job_choice.judge_task(snapshot, frozen.spec, status.training or "")
    name, outcome = job_choice.choose_judge_job(snapshot, task)
    judging = Stage(snapshot=snapshot, status=status, job=name, doing=Reason.EVALUATING)
    if outcome is None:
        job = judge_job(name, run, frozen.spec, task, settings=snapshot.settings)
        return stage.create_job(judging, job)
    if outcome.state == "Active":
        return stage.await_job(judging, outcome)
    if outcome.state == "Failed":
        return stage.end_failed(judging, outcome)
    record = read_or_none(ModelResult, outcome.record)
    if record is None or outcome.manifest is None or record.run.uid != run.metadata.uid:
        return stage.end_unusable(judging)
    # The Job has this task as its annotation: only a step of another release records another task.
    if not job_choice.is_result_of(record, task):
        return stage.end_unusable(judging)
    return stage.end_judged(judging, record, outcome.manifest, task)


def _pinned(snapshot: TrainingRunSnapshot, frozen: Frozen) -> TrainingRunStatus:
    """Return the status with the spec and the data revision that the run is pinned to."""
    status, pin = snapshot.run.status, frozen.spec.dataset
    return conditions.changed(status, spec_digest=frozen.digest, dataset=pin)
