"""The routing that a serving pod should follow, derived from its deployment's status alone.

A pod that starts again begins with no routing, so what is wanted is sent with every pull.
"""

from dataclasses import dataclass

from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.plan.model_deployment.steps import token

CANARY_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The share of requests that a pod forwards, and where to.

    Attributes:
        token: name of this routing; pods count both arms under it.
        target: address of the pods that answer the share.
        percent: the share.
        timeout_seconds: how long to wait before the pod answers itself.
    """

    token: str
    target: str
    percent: int
    timeout_seconds: float = CANARY_TIMEOUT_SECONDS

    def wire(self) -> dict[str, str | int | float]:
        """Return the routing as the serving pod reads it."""
        return {
            "token": self.token,
            "target": self.target,
            "percent": self.percent,
            "timeoutSeconds": self.timeout_seconds,
        }


def wanted(deployment: ModelDeployment, identity: str) -> Routing | None:
    """Return what the pods of this identity should forward.

    Stable pods forward the canary's share; pods that served before forward everything to the new
    stable ones, for clients that still hold a connection to them.
    """
    name, namespace = deployment.metadata.name, deployment.metadata.namespace
    status = deployment.status
    canary, stable = status.canary, status.stable
    # While pods retire this Service leads to the new stable ones: none ever dials itself.
    target = f"http://{name}-canary.{namespace}.svc"
    if stable and identity == stable.identity and canary and canary.weight > 0:
        return Routing(token=token(canary), target=target, percent=canary.weight)
    if stable and any(old.identity == identity for old in status.retiring):
        return Routing(token=f"{stable.identity}/promoted", target=target, percent=100)
    return None
