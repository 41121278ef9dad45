"""The routing that a serving pod should follow, derived only from the deployment's status.

A pod that starts again has no routing, so every pull sends the routing.
"""

from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.contract.control import Routing
from plumbline.plan.model_deployment.measure import routing_id

CANARY_TIMEOUT_SECONDS = 1.0


def routing_for(deployment: ModelDeployment, identity: str) -> Routing | None:
    """Return what the pods of this identity should forward.

    Stable pods forward the canary's share. Draining pods forward everything to the new stable pods,
    because clients may still have connections to them.
    """
    status = deployment.status
    canary, stable = status.canary, status.stable
    if stable and identity == stable.identity and canary and canary.weight > 0:
        return _routing(deployment, routing_id(canary), canary.weight)
    if stable and any(old.identity == identity for old in status.retiring):
        return _routing(deployment, f"{stable.identity}/promoted", 100)
    return None


def _routing(deployment: ModelDeployment, id_: str, percent: int) -> Routing:
    name, namespace = deployment.metadata.name, deployment.metadata.namespace
    return Routing(
        routing_id=id_,
        # While old pods drain, this Service leads to the new stable ones: no pod calls itself.
        target=f"http://{name}-canary.{namespace}.svc",
        percent=percent,
        timeout_seconds=CANARY_TIMEOUT_SECONDS,
    )
