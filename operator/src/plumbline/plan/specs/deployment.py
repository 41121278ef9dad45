"""The Deployment of one identity (a model and its server): it fetches the model, and serves it.

The pod template is stored in an annotation when the Deployment is created, and is reused from
there, so that another release of the operator never restarts a serving pod.
"""

import json
from typing import Any

from plumbline.api import canonical, names
from plumbline.api.objects import Manifest
from plumbline.api.resources import DEPLOYMENT
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT, Served
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import metadata, server

# The pod template never changes: another model or server has a Deployment of its own.
REVISION_HISTORY_LIMIT = 1


def name_of(deployment: ModelDeployment, identity: str) -> str:
    """Return the name of the Deployment of one identity."""
    return f"{deployment.metadata.name}-{identity}"


def selector(deployment: ModelDeployment, identity: str) -> dict[str, str]:
    """Return the labels that select the pods of one identity; they never change."""
    return {names.DEPLOYMENT_LABEL: deployment.metadata.name, names.IDENTITY_LABEL: identity}


def serving_deployment(
    deployment: ModelDeployment, served: Served, *, settings: Settings, live: Manifest | None
) -> Manifest:
    """Return the Deployment of an identity.

    Args:
        deployment: its owner.
        served: the model and its server.
        settings: used only when it is created.
        live: the live Deployment, if it exists; its pod template is kept.
    """
    template = _recorded_template(live) or _template(deployment, served, settings)
    chosen = selector(deployment, served.identity)
    about = metadata.child(
        name_of(deployment, served.identity),
        resource=MODEL_DEPLOYMENT,
        owner=deployment.metadata,
        labels=metadata.labels(server.COMPONENT, **chosen),
        annotations={names.POD_TEMPLATE_ANNOTATION: canonical.text(template)},
    )
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": about,
        "spec": {
            "replicas": deployment.spec.replicas,
            "selector": {"matchLabels": chosen},
            "strategy": _rolling_update(),
            "progressDeadlineSeconds": deployment.spec.rollout.progress_deadline_seconds,
            "revisionHistoryLimit": REVISION_HISTORY_LIMIT,
            "template": template,
        },
    }


def _rolling_update() -> Manifest:
    """Return the strategy that starts a new pod before an old one ends, so that none is missing."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def _recorded_template(live: Manifest | None) -> Any:
    """Return the recorded pod template of a live Deployment, or None."""
    annotations = (live or {}).get("metadata", {}).get("annotations", {})
    try:
        return json.loads(annotations.get(names.POD_TEMPLATE_ANNOTATION, "null"))
    except ValueError:
        return None


def _template(deployment: ModelDeployment, served: Served, settings: Settings) -> Manifest:
    chosen = selector(deployment, served.identity)
    return {
        "metadata": {
            "labels": metadata.labels(server.COMPONENT, **chosen),
            "annotations": {"kubectl.kubernetes.io/default-container": server.COMPONENT},
        },
        "spec": server.pod_spec(deployment, served, settings=settings, spread_by=chosen),
    }
