"""The declarations of the kinds TrainingTemplate and TrainingRun."""

from plumbline.api.columns import AGE, MESSAGE, READY_COLUMNS, column
from plumbline.api.objects import Manifest
from plumbline.api.resources import CONFIG_MAP, JOB
from plumbline.api.v1alpha1 import TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN, TrainingRunReason
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE, TrainingTemplateReason
from plumbline.plan.kind import ALL, Kind, Lookup, Owns, Reads, Role, Selector, name_in, named
from plumbline.plan.specs.train_job import spec_name_of
from plumbline.plan.training import run, template
from plumbline.plan.training.freeze import champion_deployment_name
from plumbline.plan.training.siblings import siblings_of
from plumbline.plan.training.snapshot import TrainingRunSnapshot, TrainingTemplateSnapshot


def _dataset_of_template(template: TrainingTemplate, _: Lookup) -> Selector:
    return named(name_in(template.spec.dataset_ref))


TEMPLATE = Kind(
    resource=TRAINING_TEMPLATE,
    model=TrainingTemplate,
    short_name="ttpl",
    columns=(
        *READY_COLUMNS,
        column("Dataset", ".spec.datasetRef.name", text="Dataset to train on"),
        column("Estimator", ".spec.trainer.estimator.import", text="Class of the estimator"),
        AGE,
        MESSAGE,
        column(
            "Image",
            ".spec.trainer.container.image",
            wide=True,
            text="Image of the training container",
        ),
    ),
    writer=Role.DATA_SCIENTIST,
    reasons=TrainingTemplateReason,
    subject="template",
    snapshot=TrainingTemplateSnapshot,
    plan=template.plan,
    inputs=(Reads(resource=DATASET, into="dataset", which=_dataset_of_template),),
)


def _template(run: TrainingRun, _: Lookup) -> Selector:
    return named(name_in(run.spec.template_ref))


def _dataset(run: TrainingRun, look: Lookup) -> Selector:
    """Select the Dataset that the run names, or else its template."""
    template = look.get(TrainingTemplate, name_in(run.spec.template_ref))
    of_template = template.spec.dataset_ref if template else None
    return named(name_in(run.spec.dataset_ref or of_template))


def _frozen(run: TrainingRun, _: Lookup) -> Selector:
    """Select the ConfigMap with the merged spec by its name, whatever its owner."""
    return named(spec_name_of(run.metadata.name))


def _champion(run: TrainingRun, look: Lookup) -> Selector:
    """Select the deployment whose model the run is compared with."""
    template = look.get(TrainingTemplate, name_in(run.spec.template_ref))
    frozen = look.raw(CONFIG_MAP, spec_name_of(run.metadata.name))
    return named(champion_deployment_name(run, template, frozen))


def _siblings(run: TrainingRun, _: Lookup) -> Selector:
    """Select all runs while this one has not ended: they share the held-out rows."""
    return named() if run.status.completion_time else ALL


def _has_ended(run: Manifest) -> bool:
    return bool(run.get("status", {}).get("completionTime"))


RUN = Kind(
    resource=TRAINING_RUN,
    model=TrainingRun,
    short_name="trun",
    columns=(
        *READY_COLUMNS,
        column("Dataset", ".status.dataset.name", text="Dataset that the run trains on"),
        column("Revision", ".status.dataset.revision", "integer", text="Revision of the Dataset"),
        column("Verdict", ".status.verdict", text="Result of all gates"),
        column("Metric", ".status.metrics[0].name", text="Name of the first metric"),
        column("Value", ".status.metrics[0].value", "number", text="Value of that metric"),
        AGE,
        MESSAGE,
        column("Template", ".spec.templateRef.name", wide=True, text="Template of the run"),
        column(
            "Estimator",
            ".spec.trainer.estimator.import",
            wide=True,
            text="Class of the estimator, if the run names one",
        ),
    ),
    writer=Role.DATA_SCIENTIST,
    reasons=TrainingRunReason,
    subject="run",
    snapshot=TrainingRunSnapshot,
    plan=run.plan,
    inputs=(
        Owns(resource=JOB, into="jobs", outcomes="outcomes"),
        Owns(resource=CONFIG_MAP),
        # By name, since it may belong to another owner. A change of our own wakes the run already.
        Reads(resource=CONFIG_MAP, into="frozen", which=_frozen, wakes=False),
        Reads(resource=TRAINING_TEMPLATE, into="template", which=_template),
        Reads(resource=DATASET, into="dataset", which=_dataset),
        Reads(resource=MODEL_DEPLOYMENT, into="champion", which=_champion),
        Reads(
            resource=TRAINING_RUN,
            into="siblings",
            which=_siblings,
            take=siblings_of,
            wakes=False,
        ),
    ),
    is_settled=_has_ended,
)
