"""Which train Job answers for a run: the first, or the one after a failure that may pass."""

from plumbline.plan.common import jobs
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.specs.train_job import name_of
from plumbline.plan.training.snapshot import TrainingRunSnapshot

ATTEMPTS = 3


def train_of(snapshot: TrainingRunSnapshot) -> tuple[str, JobOutcome | None]:
    """Return the name of the newest train Job and what it has come to.

    A model that was trained but could not be kept (the store was away) is trained again, a few
    times; what the user's code did wrong is not.
    """
    names = [name_of(snapshot.run.metadata.name, number + 1) for number in range(ATTEMPTS)]
    made = [name for name in names if jobs.find(snapshot.jobs, name)]
    newest = made[-1] if made else names[0]
    outcome = jobs.outcome_of(newest, snapshot.jobs, snapshot.outcomes)
    if outcome and outcome.reason in jobs.TEMPORARY and outcome.state == "Failed":
        later = names[names.index(newest) + 1 :]
        return (later[0], None) if later else (newest, outcome)
    return newest, outcome
