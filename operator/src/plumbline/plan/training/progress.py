"""The conditions of a run whose Job is under way: what it does, or what keeps it."""

from plumbline.api.objects import Manifest
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.plan.common import jobs
from plumbline.plan.common.conditions import held, stalled, working
from plumbline.plan.common.job_progress import HOPELESS, Look
from plumbline.plan.specs.job import QUEUE_LABEL
from plumbline.plan.training.result import IMMUTABLE

MENDED = "The Job goes on by itself when that is mended."


def under_way(run: TrainingRun, job: Manifest, look: Look, *, doing: Reason) -> list[Manifest]:
    """Return the conditions while this Job has not ended."""
    name = job["metadata"]["name"]
    if run.spec.suspend:
        return held(Reason.SUSPENDED, f"spec.suspend is true: Job {name} is the last one made.")
    if jobs.is_queued(job):
        queue = run.metadata.labels.get(QUEUE_LABEL, "")
        return working(Reason.QUEUED, f"Job {name} waits until queue {queue} admits it.")
    outcome = look.outcome
    if look.final:
        remedy = IMMUTABLE if outcome.reason in HOPELESS else MENDED
        return stalled(outcome.reason, f"{outcome.message.rstrip('. ')}. {remedy}")
    if outcome.reason:
        return working(outcome.reason, outcome.message)
    return working(doing, f"Job {name} is under way.")
