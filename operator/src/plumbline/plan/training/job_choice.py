"""Which Jobs count for a run: the newest train Job, and one judge Job.

A judge Job counts only when it compared with the model that serves now.
"""

from pydantic import ValidationError

from plumbline.api.v1alpha1.training_run import RunDataset
from plumbline.contract.model_manifest import ModelResult
from plumbline.contract.tasks import Champion, FrozenSpec, JudgeTask, Looks
from plumbline.plan.common import jobs
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.specs import judge_job, train_job
from plumbline.plan.training.snapshot import TrainingRunSnapshot

ATTEMPTS = 3


def choose_train_job(snapshot: TrainingRunSnapshot) -> tuple[str, JobOutcome | None]:
    """Return the name of the train Job that counts, and its outcome: None before it exists.

    A model that was trained but could not be stored (the store was unavailable) is trained again, a
    few times; an error in the user's code is not tried again. Each decision is stored as a Job.
    """
    run = snapshot.run.metadata.name
    names = [train_job.name_of(run, number + 1) for number in range(ATTEMPTS)]
    existing = [name for name in names if jobs.find(snapshot.jobs, name)]
    newest = existing[-1] if existing else names[0]
    outcome = jobs.outcome_of(newest, snapshot.jobs, snapshot.outcomes)
    if outcome and outcome.state == "Failed" and _passes(outcome):
        later = names[names.index(newest) + 1 :]
        return (later[0], None) if later else (newest, outcome)
    return newest, outcome


def _passes(outcome: JobOutcome) -> bool:
    return jobs.prospect_of(outcome.reason, outcome.temporary) == "Passes"


def judge_task(snapshot: TrainingRunSnapshot, spec: FrozenSpec, training: str) -> JudgeTask:
    """Return what to evaluate now; with the champion only when a gate compares with it."""
    looks = _looks(snapshot, spec.dataset)
    return JudgeTask(training=training, champion=_champion(snapshot, spec), looks=looks)


def _champion(snapshot: TrainingRunSnapshot, spec: FrozenSpec) -> Champion | None:
    gate, deployment = spec.gates.champion, snapshot.champion
    stable = deployment.status.stable if gate and deployment else None
    if gate is None or deployment is None or stable is None:
        return None
    # Until the spec is frozen, the snapshot has the template's champion, which may be another one.
    if deployment.metadata.name != gate.deployment_ref.name:
        return None
    return Champion(manifest=stable.manifest, digest=stable.model, run=stable.run)


def _looks(snapshot: TrainingRunSnapshot, pin: RunDataset) -> Looks | None:
    """Return the looks at the held-out rows of a revision; None if they are not counted.

    Those of runs under way that were created earlier count, so that runs at the same time do not
    all take the same number.
    """
    dataset = snapshot.dataset
    if dataset is None or dataset.metadata.name != pin.name:
        return None
    rows = {each.revision: each.held_out for each in dataset.status.history if each.held_out}
    counted = rows.get(pin.revision)
    if counted is None:
        return None
    same = [each for each in snapshot.siblings if rows.get(each.revision) == counted]
    recorded = dataset.status.holdout
    is_current = recorded is not None and recorded.digest == counted
    known = {e.model: e.look for e in recorded.models} if recorded and is_current else {}
    newer = {e.model: e.look for e in same if e.model and e.look and e.model not in known}
    looks = recorded.looks if recorded and is_current else 0
    waiting = sum(each.comes_first for each in same)
    return Looks(known={**newer, **known}, next=looks + len(newer) + waiting + 1)


def choose_judge_job(
    snapshot: TrainingRunSnapshot, task: JudgeTask
) -> tuple[str, JobOutcome | None]:
    """Return the name of the judge Job to wait for, and its outcome: None before it exists.

    A Job for an older task finishes first: a champion that changes often must not pile up Jobs.
    """
    judge_jobs = (job for job in snapshot.jobs if jobs.is_of_component(job, judge_job.COMPONENT))
    existing = [job["metadata"]["name"] for job in judge_jobs]
    for name in existing:
        outcome = jobs.outcome_of(name, snapshot.jobs, snapshot.outcomes)
        if outcome and (outcome.state == "Active" or _is_for(snapshot, name, task)):
            return name, outcome
    name = f"{snapshot.run.metadata.name}-judge"
    # A Job for an earlier champion has the plain name: this one is named after its task.
    if name in existing:
        name = f"{name}-{judge_job.token_of(task)}"
    return name, None


def is_result_of(record: ModelResult, task: JudgeTask) -> bool:
    """Return whether a judge Job recorded this result for the task."""
    champion = record.champion.manifest if record.champion else None
    wanted = task.champion.manifest if task.champion else None
    return record.training == task.training and champion == wanted


def _is_for(snapshot: TrainingRunSnapshot, name: str, task: JudgeTask) -> bool:
    """Return whether the live Job of this name was created for the task."""
    job = jobs.find(snapshot.jobs, name)
    annotations = job["metadata"].get("annotations", {}) if job else {}
    try:
        return JudgeTask.model_validate_json(annotations.get(judge_job.REQUEST, "")).is_like(task)
    except ValidationError:
        return False
