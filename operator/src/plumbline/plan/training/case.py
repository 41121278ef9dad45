"""Which judge Job answers for a run: always one that compared with the model that serves now."""

from plumbline.contract.manifests import ModelResult, parsed
from plumbline.contract.tasks import Champion, FrozenSpec
from plumbline.plan.common import jobs
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.specs.judge_job import CASE, COMPONENT, Case
from plumbline.plan.training.snapshot import TrainingRunSnapshot


def case_of(snapshot: TrainingRunSnapshot, spec: FrozenSpec, training: str) -> Case:
    """Return what is to be judged as things stand; a champion only when a gate asks for one."""
    gate, deployment = spec.gates.champion, snapshot.champion
    stable = deployment.status.stable if gate and deployment else None
    if gate is None or deployment is None or stable is None:
        return Case(training=training)
    if deployment.metadata.name != gate.deployment_ref.name:
        return Case(training=training)
    champion = Champion(manifest=stable.manifest, digest=stable.model, run=stable.run)
    return Case(training=training, champion=champion)


def judge_of(snapshot: TrainingRunSnapshot, case: Case) -> tuple[str, JobOutcome | None]:
    """Return the name of the Job that judges this case, and what it has come to.

    A Job that judges an older case ends first: champions that change often must not pile up Jobs.
    """
    judges = [j["metadata"]["name"] for j in snapshot.jobs if jobs.plays(j, COMPONENT)]
    for name in judges:
        outcome = jobs.outcome_of(name, snapshot.jobs, snapshot.outcomes)
        if outcome and (outcome.state == "Active" or is_about(snapshot, name, case)):
            return name, outcome
    name = f"{snapshot.run.metadata.name}-judge"
    if name in judges:
        name = f"{name}-{case.token}"
    return name, _without_job(snapshot.outcomes.get(name), case)


def is_about(snapshot: TrainingRunSnapshot, name: str, case: Case) -> bool:
    """Tell whether the live Job of this name judges this case."""
    job = jobs.find(snapshot.jobs, name)
    return bool(job and job["metadata"].get("annotations", {}).get(CASE) == case.text)


def answers(record: ModelResult, case: Case) -> bool:
    """Tell whether what a judge wrote is about this case."""
    champion = record.champion.manifest if record.champion else None
    wanted = case.champion.manifest if case.champion else None
    return record.training == case.training and champion == wanted


def _without_job(outcome: JobOutcome | None, case: Case) -> JobOutcome | None:
    """Return what a Job left behind that is gone, if what it wrote is about this case."""
    record = parsed(ModelResult, outcome.record) if outcome else None
    return outcome if record and answers(record, case) else None
