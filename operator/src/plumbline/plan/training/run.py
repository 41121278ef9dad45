"""What a TrainingRun needs: a frozen spec, then its train Job, then the verdict of its judge Job.

Each stage is done when the status says so; what a stage has found is never asked for again.
"""

from plumbline.api.plan import Plan
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_run import TrainingRunStatus
from plumbline.contract.manifests import ModelResult, TrainingResult, parsed
from plumbline.plan.common.status import changed
from plumbline.plan.specs.judge_job import judge_job
from plumbline.plan.specs.train_job import train_job
from plumbline.plan.training.attempt import train_of
from plumbline.plan.training.case import answers, case_of, judge_of
from plumbline.plan.training.freeze import Frozen, freeze, thaw
from plumbline.plan.training.result import judged
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.plan.training.stage import Stage, end, fail, finished, make, refuse, say, wait
from plumbline.plan.training.task import champion_name

__all__ = ["champion_name", "plan"]


def plan(snapshot: TrainingRunSnapshot) -> Plan:
    """Return what should be true of a TrainingRun and its Jobs."""
    if snapshot.run.metadata.deletion_timestamp:
        return Plan()
    if snapshot.run.status.completion_time:
        return finished(snapshot)
    found = thaw(snapshot)
    if found is None:
        return _start(snapshot)
    if isinstance(found, list):
        return say(snapshot, snapshot.run.status, found)
    return _train(snapshot, found)


def _start(snapshot: TrainingRunSnapshot) -> Plan:
    """Freeze the spec; the next look goes by what was frozen."""
    found = freeze(snapshot)
    if isinstance(found, list):
        return say(snapshot, snapshot.run.status, found)
    return Plan(create=(found,), requeue_at=snapshot.now)


def _train(snapshot: TrainingRunSnapshot, frozen: Frozen) -> Plan:
    """Have the train Job, and take over what it made."""
    run, status = snapshot.run, _pinned(snapshot, frozen)
    if status.training:
        return _judge(snapshot, frozen, status)
    name, outcome = train_of(snapshot)
    stage = Stage(snapshot=snapshot, status=status, job=name, doing=Reason.TRAINING)
    if outcome is None:
        return make(stage, train_job(name, run, frozen.spec, settings=snapshot.settings))
    if outcome.state == "Active":
        return wait(stage, outcome)
    if outcome.state == "Failed":
        return fail(stage, outcome)
    record = parsed(TrainingResult, outcome.record)
    if record is None or record.run.uid != run.metadata.uid:
        return refuse(stage, outcome)
    return _judge(snapshot, frozen, changed(status, training=outcome.manifest))


def _judge(snapshot: TrainingRunSnapshot, frozen: Frozen, status: TrainingRunStatus) -> Plan:
    """Have the model judged beside the model that serves now."""
    run, case = snapshot.run, case_of(snapshot, frozen.spec, status.training or "")
    name, outcome = judge_of(snapshot, case)
    stage = Stage(snapshot=snapshot, status=status, job=name, doing=Reason.JUDGING)
    if outcome is None:
        return make(stage, judge_job(name, run, frozen.spec, case, settings=snapshot.settings))
    if outcome.state == "Active":
        return wait(stage, outcome)
    if outcome.state == "Failed":
        return fail(stage, outcome)
    record = parsed(ModelResult, outcome.record)
    if record is None or outcome.manifest is None or record.run.uid != run.metadata.uid:
        return refuse(stage, outcome)
    if not answers(record, case):
        return refuse(stage, outcome)
    return end(snapshot, judged(status, record, outcome.manifest, case, snapshot.now))


def _pinned(snapshot: TrainingRunSnapshot, frozen: Frozen) -> TrainingRunStatus:
    """Return the status with what the run is pinned to."""
    status, pin = snapshot.run.status, frozen.spec.dataset
    return changed(status, spec_digest=frozen.digest, dataset=pin)
