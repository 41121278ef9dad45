"""The conditions of a Dataset: Ready for its revision in use, Valid for its newest fetch."""

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.reasons import DatasetReason
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DatasetStatus
from plumbline.plan.common.conditions import READY, RECONCILING, condition, ready, stalled, working
from plumbline.plan.common.job_progress import Look
from plumbline.plan.common.status import condition_of
from plumbline.plan.dataset.attempt import VALID
from plumbline.plan.dataset.retry import Retry


def valid_before(status: DatasetStatus) -> Manifest:
    """Return the Valid condition as it stands."""
    if found := condition_of(status, VALID):
        words = {"True": True, "False": False, "Unknown": None}
        return condition(
            VALID, status=words[found.status], reason=found.reason, message=found.message
        )
    message = "The source has not been read yet."
    return condition(VALID, status=None, reason=DatasetReason.NOT_FETCHED, message=message)


def fetching(dataset: Dataset, job: str, look: Look) -> list[Manifest]:
    """Return the conditions while a Job reads the source, or waits for something."""
    outcome, source = look.outcome, dataset.spec.source
    where = source.uri or (source.config_map and f"ConfigMap {source.config_map.name}")
    reason = outcome.reason or DatasetReason.PROFILING
    message = outcome.message if outcome.reason else f"Job {job} reads and checks {where}."
    if dataset.status.revision is None:
        return stalled(reason, message) if look.final else working(reason, message)
    if look.final:
        stuck = f"{_uses(dataset)} The newest fetch is stuck: {reason}: {message}"
        return ready(DatasetReason.FETCH_STUCK, stuck)
    return [
        condition(READY, status=True, reason=DatasetReason.REVISION_IN_USE, message=_uses(dataset)),
        condition(RECONCILING, status=True, reason=reason, message=message),
    ]


def rested(
    dataset: Dataset, status: DatasetStatus, valid: Manifest, again: Retry | None
) -> list[Manifest]:
    """Return the conditions while no Job is needed.

    Args:
        dataset: the Dataset.
        status: its status after the newest fetch.
        valid: how that fetch was judged.
        again: the try that follows, if one does.
    """
    if status.revision is not None:
        return ready(DatasetReason.REVISION_IN_USE, _in_use(status, valid))
    reason, message = valid["reason"], valid["message"]
    if again and again.soon:
        return working(reason, f"{message} The next try follows at {again.at:%H:%M:%S} UTC.")
    return stalled(reason, f"{message} {_mend(dataset)}")


def _uses(dataset: Dataset) -> str:
    return f"Revision {dataset.status.revision} with {dataset.status.rows} rows is in use."


def _in_use(status: DatasetStatus, valid: Manifest) -> str:
    message = f"Revision {status.revision} with {status.rows} rows is in use."
    if valid["status"] == "True":
        return message
    return f"{message} The newest fetch gave none: {valid['reason']}, see the condition {VALID}."


def _mend(dataset: Dataset) -> str:
    about = dataset.metadata
    mark = f"{names.REFRESH_ANNOTATION}=$(date +%s)"
    return (
        f"Mend the source or the spec; to read the source again: kubectl annotate dataset "
        f"{about.name} -n {about.namespace} {mark} --overwrite"
    )
