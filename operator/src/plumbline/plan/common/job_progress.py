"""What keeps a Job from going on: whether it is worth a word yet, and whether waiting may help."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.jobs import ACTIVE

# The pod cannot start as it is described, and only another Job can describe it anew.
HOPELESS = frozenset({"RunAsRoot", "InvalidImageName"})
# Somebody mends it outside of the object, or nobody knows; the kubelet goes on trying.
MENDABLE = frozenset(
    {
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
    }
)
# What every pod goes through for a moment.
PASSING = frozenset({"PodMissing", "ContainerCreating"})
PATIENCE = timedelta(seconds=600)
NOTICEABLE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How an active Job is to be told of.

    Attributes:
        outcome: the Job, without trouble that is not worth a word yet.
        final: whether a person has to know: waiting alone does not help.
        again_at: when time alone changes what is told.
    """

    outcome: JobOutcome
    final: bool = False
    again_at: datetime | None = None


def look(outcome: JobOutcome, now: datetime) -> Look:
    """Return how an active Job is to be told of now."""
    since = outcome.since or now
    if outcome.reason in PASSING and now < since + NOTICEABLE:
        return Look(outcome=ACTIVE, again_at=since + NOTICEABLE)
    if outcome.reason in MENDABLE and now < since + PATIENCE:
        return Look(outcome=outcome, again_at=since + PATIENCE)
    return Look(outcome=outcome, final=outcome.reason in HOPELESS | MENDABLE)
