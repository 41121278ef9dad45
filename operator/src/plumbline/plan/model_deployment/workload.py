"""What the children of a ModelDeployment are doing right now."""

from collections.abc import Iterable
from dataclasses import dataclass

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.plan.common.jobs import leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """How many pods of an identity there are.

    Attributes:
        wanted: pods that should be.
        made: pods that are.
        ready: pods that answer.
        available: whether all that should be are up to date and answer.
    """

    wanted: int = 0
    made: int = 0
    ready: int = 0
    available: bool = False


def identity_of(child: Manifest) -> str:
    """Return the identity that a live Deployment or pod is of."""
    return str(child["metadata"].get("labels", {}).get(names.IDENTITY_LABEL, ""))


def find(children: Iterable[Manifest], name: str) -> Manifest | None:
    """Return the live child of this name, unless it is on its way out."""
    return next((c for c in children if c["metadata"]["name"] == name and not leaves(c)), None)


def pods_of(deployment: Manifest | None, *, wanted: int) -> Pods:
    """Return how a live Deployment stands; a Deployment that is not there has no pods."""
    if deployment is None:
        return Pods(wanted=wanted)
    status = deployment.get("status", {})
    ready = int(status.get("readyReplicas", 0))
    return Pods(
        wanted=wanted,
        made=int(status.get("replicas", 0)),
        ready=ready,
        available=_is_seen(deployment, wanted) and _all_answer(status, wanted),
    )


def _is_seen(deployment: Manifest, wanted: int) -> bool:
    """Tell whether the status is about the spec as it is now, and the spec as it should be."""
    seen = deployment.get("status", {}).get("observedGeneration", 0)
    generation = deployment["metadata"].get("generation", 0)
    return bool(seen >= generation and deployment.get("spec", {}).get("replicas") == wanted)


def _all_answer(status: Manifest, wanted: int) -> bool:
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return bool(updated >= wanted and available >= wanted)


def selected_identity(service: Manifest | None) -> str:
    """Return the identity that a live Service sends its clients to."""
    chosen = (service or {}).get("spec", {}).get("selector", {})
    return str(chosen.get(names.IDENTITY_LABEL, ""))
