"""How a run ends: with a judged model, or for good without one."""

from datetime import datetime

from plumbline.api.objects import Manifest
from plumbline.api.plan import Event
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_run import RunModel, TrainingRunStatus
from plumbline.contract.manifests import ModelResult
from plumbline.plan.common.conditions import ready, stalled
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.status import changed, moment
from plumbline.plan.specs.judge_job import Case

Ending = tuple[TrainingRunStatus, list[Manifest], Event]
IMMUTABLE = "A TrainingRun is immutable: mend that and make a new run."


def failed(status: TrainingRunStatus, reason: str, message: str, now: datetime) -> Ending:
    """Return the end of a run that made no model."""
    text = f"{message.rstrip('. ')}. {IMMUTABLE}"
    ended = changed(status, completion_time=moment(now))
    return ended, stalled(reason, text), Event(type="Warning", reason=reason, message=message)


def unreadable(job: str, outcome: JobOutcome) -> str:
    """Return what is wrong with a manifest that is not what its Job should have written."""
    return (
        f"manifest {outcome.manifest} of Job {job} is not what its step writes: do the operator "
        f"and its trainer image have the same version?"
    )


def judged(
    status: TrainingRunStatus, record: ModelResult, manifest: str, case: Case, now: datetime
) -> Ending:
    """Return the end of a run whose model has been judged."""
    model = RunModel(digest=record.model.digest, manifest=manifest, engine=record.model.engine)
    update: dict[str, object] = {
        "champion": case.champion.digest if case.champion else None,
        "model": model,
        "metrics": list(record.metrics),
        "gates": list(record.gates),
        "verdict": record.verdict,
        "report": record.report,
        "completion_time": moment(now),
    }
    reason, message = _reason(record), _message(record)
    passed = record.verdict == "Passed"
    conditions = ready(reason, message) if passed else stalled(reason, message)
    event = Event(type="Normal" if passed else "Warning", reason=reason, message=message)
    return changed(status, **update), conditions, event


def _reason(record: ModelResult) -> str:
    words = {"Failed": Reason.GATE_FAILED, "Inconclusive": Reason.GATE_INCONCLUSIVE}
    return words.get(record.verdict, Reason.COMPLETE)


def _message(record: ModelResult) -> str:
    """Return the verdict with its numbers: those of the gates that decided it, or all metrics."""
    count = len(record.gates)
    deciding = [each for each in record.gates if each.verdict == record.verdict]
    if record.verdict == "Passed":
        gates = {0: "Judged without gates", 1: "The gate passed"}
        return f"{gates.get(count, f'All {count} gates passed')}: {_metrics(record)}."
    word = {"Failed": "failed", "Inconclusive": "inconclusive"}[record.verdict]
    told = "; ".join(f"{each.name}: {each.message}" for each in deciding)
    return f"{len(deciding)} of {count} gates {word}: {told}"


def _metrics(record: ModelResult) -> str:
    shown = [
        f"{each.name} {each.value:.4g} ({each.low:.4g} to {each.high:.4g}, {each.n} rows)"
        for each in record.metrics[:4]
    ]
    return ", ".join(shown) or "no metrics"
