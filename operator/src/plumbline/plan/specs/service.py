"""The Services: one for clients, which selects the stable pods, and one for the canary."""

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.resources import POD_DISRUPTION_BUDGET, SERVICE
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.contract import layout
from plumbline.plan.specs import deployment as deployments
from plumbline.plan.specs import metadata, server

PORT = 80


def stable_name(deployment: ModelDeployment) -> str:
    """Return the name of the Service that clients use."""
    return deployment.metadata.name


def canary_name(deployment: ModelDeployment) -> str:
    """Return the name of the Service that stable pods forward to."""
    return f"{deployment.metadata.name}-canary"


def url(deployment: ModelDeployment) -> str:
    """Return the URL of the model inside the cluster."""
    return f"http://{stable_name(deployment)}.{deployment.metadata.namespace}.svc"


def service(deployment: ModelDeployment, *, name: str, identity: str) -> Manifest:
    """Return a Service of the pods of one identity."""
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.kind,
        "metadata": _metadata(deployment, name),
        "spec": {
            "type": "ClusterIP",
            "selector": deployments.selector(deployment, identity),
            "ports": [_port()],
        },
    }


def disruption_budget(deployment: ModelDeployment) -> Manifest:
    """Return the disruption budget: a node drain evicts one pod at a time, of any identity."""
    return {
        "apiVersion": POD_DISRUPTION_BUDGET.api_version,
        "kind": POD_DISRUPTION_BUDGET.kind,
        "metadata": _metadata(deployment, stable_name(deployment)),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _deployment_label(deployment)}},
    }


def _deployment_label(deployment: ModelDeployment) -> dict[str, str]:
    return {names.DEPLOYMENT_LABEL: deployment.metadata.name}


def _port() -> Manifest:
    return {"name": layout.HTTP, "port": PORT, "targetPort": layout.DATA_PORT, "protocol": "TCP"}


def _metadata(deployment: ModelDeployment, name: str) -> Manifest:
    return metadata.child(
        name,
        resource=MODEL_DEPLOYMENT,
        owner=deployment.metadata,
        labels=metadata.labels(server.COMPONENT, **_deployment_label(deployment)),
    )
