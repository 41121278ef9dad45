"""The declaration of the kind Dataset."""

from collections.abc import Sequence

from plumbline.api.columns import AGE, MESSAGE, READY_COLUMNS, column, condition
from plumbline.api.objects import Manifest
from plumbline.api.resources import CONFIG_MAP, JOB
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DATASET, DatasetReason
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.plan.dataset.looks import Evaluated, evaluated_of
from plumbline.plan.dataset.plan import plan
from plumbline.plan.dataset.snapshot import DatasetSnapshot
from plumbline.plan.kind import ALL, Kind, Lookup, Owns, Reads, Role, Selector, named


def _asking(dataset: Dataset, _: Lookup) -> Selector:
    """Select the monitors that request a refresh of this Dataset."""
    return Selector(status={"refreshDataset": dataset.metadata.name})


def _requests(_: Dataset, monitors: Sequence[Manifest]) -> tuple[str, ...]:
    """Return the refresh requests of monitors, sorted."""
    found = (each["status"].get("refresh", "") for each in monitors)
    return tuple(sorted(request for request in found if request))


def _evaluating(dataset: Dataset, _: Lookup) -> Selector:
    """Select the runs that evaluated a model on rows of this Dataset."""
    return Selector(status={"evaluatedOn": dataset.metadata.name})


def _evaluated(_: Dataset, runs: Sequence[Manifest]) -> tuple[Evaluated, ...]:
    return evaluated_of(runs)


def _any_run_at_first(dataset: Dataset, _: Lookup) -> Selector:
    """Select all runs while the Dataset has no revision: they may use one of an earlier Dataset."""
    return ALL if dataset.status.revision is None else named()


def _last_revision(dataset: Dataset, runs: Sequence[Manifest]) -> int:
    """Return the highest revision of a Dataset of this name that a run uses."""
    pins = (run.get("status", {}).get("dataset") or {} for run in runs)
    mine = (pin for pin in pins if pin.get("name") == dataset.metadata.name)
    return max((int(pin["revision"]) for pin in mine), default=0)


KIND = Kind(
    resource=DATASET,
    model=Dataset,
    short_name="dset",
    columns=(
        *READY_COLUMNS,
        column("Revision", ".status.revision", "integer", text="Revision in use"),
        column("Rows", ".status.rows", "integer", text="Number of rows in that revision"),
        column(
            "Valid", condition("Valid", "status"), text="Whether the newest fetch passed all rules"
        ),
        AGE,
        MESSAGE,
        column("Fetch", ".status.fetch.outcome", wide=True, text="Result of the newest fetch"),
    ),
    writer=Role.DATA_SCIENTIST,
    reasons=DatasetReason,
    subject="dataset",
    snapshot=DatasetSnapshot,
    plan=plan,
    inputs=(
        Owns(resource=JOB, into="jobs", outcomes="outcomes"),
        Owns(resource=CONFIG_MAP, into="config_maps"),
        Reads(resource=DRIFT_MONITOR, into="requests", which=_asking, take=_requests),
        Reads(resource=TRAINING_RUN, into="evaluated", which=_evaluating, take=_evaluated),
        # A Dataset that is created again must not use a revision number again.
        Reads(
            resource=TRAINING_RUN,
            into="last_revision",
            which=_any_run_at_first,
            take=_last_revision,
            wakes=False,
        ),
    ),
)
