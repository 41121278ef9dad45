"""The declaration of the kind ModelDeployment."""

from plumbline.api import names
from plumbline.api.columns import AGE, MESSAGE, READY_COLUMNS, column
from plumbline.api.resources import DEPLOYMENT, POD, POD_DISRUPTION_BUDGET, SERVICE
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT, ModelDeploymentReason
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.plan.kind import Kind, Lookup, Owns, Reads, Role, Selector, named
from plumbline.plan.model_deployment.plan import plan
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot


def _candidates(deployment: ModelDeployment, _: Lookup) -> Selector:
    """Select the named run, or all runs that match the selector."""
    choice = deployment.spec.model
    if choice.run_ref:
        return named(choice.run_ref.name)
    return Selector(labels=choice.selector.match_labels) if choice.selector else named()


def _serving(deployment: ModelDeployment, _: Lookup) -> Selector:
    return Selector(labels={names.DEPLOYMENT_LABEL: deployment.metadata.name})


KIND = Kind(
    resource=MODEL_DEPLOYMENT,
    model=ModelDeployment,
    short_name="mdep",
    columns=(
        *READY_COLUMNS,
        column("Run", ".status.stable.run", text="Run whose model serves"),
        column("Replicas", ".status.readyReplicas", "integer", text="Stable pods that are ready"),
        column("Canary", ".status.canary.run", text="Run whose model is being rolled out"),
        column(
            "Weight",
            ".status.canary.weight",
            "integer",
            text="Share of requests of the canary, in %",
        ),
        AGE,
        MESSAGE,
        column("URL", ".status.url", wide=True, text="URL of the model"),
        column(
            *("Revision", ".status.stable.revision", "integer"),
            wide=True,
            text="Revision of the data that the serving model was trained on",
        ),
        column(
            "Since",
            ".status.stable.since",
            "date",
            wide=True,
            text="Time since the model was promoted",
        ),
    ),
    writer=Role.ML_ENGINEER,
    reasons=ModelDeploymentReason,
    subject="deployment",
    snapshot=ModelDeploymentSnapshot,
    plan=plan,
    inputs=(
        Owns(resource=DEPLOYMENT, into="deployments", applied=True),
        Owns(resource=SERVICE, into="services", applied=True),
        Owns(resource=POD_DISRUPTION_BUDGET, applied=True),
        Reads(resource=TRAINING_RUN, into="runs", which=_candidates, many=True),
        Reads(resource=POD, into="pods", which=_serving, many=True),
    ),
    scalable=True,
    cel_rules=(
        (
            "self.metadata.name.matches('^[a-z]')",
            "metadata.name must begin with a letter, because its Service has the same name",
        ),
    ),
)
