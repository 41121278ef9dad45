"""The declaration of the kind DriftMonitor."""

from collections.abc import Sequence

from plumbline.api import names
from plumbline.api.columns import AGE, MESSAGE, READY_COLUMNS, column, condition
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import DriftMonitor, TrainingTemplate
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR, DriftMonitorReason
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE
from plumbline.plan.drift_monitor.plan import plan
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot
from plumbline.plan.kind import ALL, Kind, Lookup, Makes, Reads, Role, Selector, name_in, named


def _deployment(monitor: DriftMonitor, _: Lookup) -> Selector:
    return named(monitor.spec.deployment_ref.name)


def _template(monitor: DriftMonitor, _: Lookup) -> Selector:
    return named(name_in(monitor.spec.response.template_ref))


def _dataset(monitor: DriftMonitor, look: Lookup) -> Selector:
    """Select the Dataset of the template."""
    template = look.get(TrainingTemplate, name_in(monitor.spec.response.template_ref))
    return named(name_in(template.spec.dataset_ref) if template else None)


def _own_runs(monitor: DriftMonitor, _: Lookup) -> Selector:
    return Selector(labels={names.MONITOR_LABEL: monitor.metadata.name})


def _any_run(_: DriftMonitor, __: Lookup) -> Selector:
    return ALL


def _names(_: DriftMonitor, runs: Sequence[Manifest]) -> frozenset[str]:
    return frozenset(run["metadata"]["name"] for run in runs)


KIND = Kind(
    resource=DRIFT_MONITOR,
    model=DriftMonitor,
    short_name="dmon",
    columns=(
        *READY_COLUMNS,
        column("Drifted", condition("Drifted", "status"), text="Whether live data has drifted"),
        column("Broken", condition("DataBroken", "status"), text="Whether live data is broken"),
        column(
            "Suspect", condition("Suspect", "status"), text="Whether the change is a likely fault"
        ),
        column("Worst", ".status.columns[0].name", text="Column that has changed most"),
        column("Rows", ".status.windowRows", "integer", text="Rows in the largest window"),
        column("LastRun", ".status.lastRun", text="Newest run that the monitor created"),
        AGE,
        MESSAGE,
        column("Episode", ".status.episode.id", wide=True, text="Current episode of drift"),
        column(
            "Response", ".status.episode.outcome", wide=True, text="State of the response to it"
        ),
    ),
    writer=Role.ML_ENGINEER,
    reasons=DriftMonitorReason,
    subject="monitor",
    snapshot=DriftMonitorSnapshot,
    plan=plan,
    inputs=(
        Reads(resource=MODEL_DEPLOYMENT, into="deployment", which=_deployment),
        Reads(resource=TRAINING_TEMPLATE, into="template", which=_template),
        Reads(resource=DATASET, into="dataset", which=_dataset),
        Reads(resource=TRAINING_RUN, into="runs", which=_own_runs, many=True),
        # No new run may have the name of another one. Changes of other runs wake no monitor.
        Reads(resource=TRAINING_RUN, into="run_names", which=_any_run, take=_names, wakes=False),
        Makes(resource=TRAINING_RUN),
    ),
)
