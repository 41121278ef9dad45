"""The serving pods of a ModelDeployment, from the cache."""

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key, is_leaving
from plumbline.api.resources import POD
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.contract import layout
from plumbline.engine.cache import Cache
from plumbline.live.pulls import ServingPod

Object = Mapping[str, Any]


def by_deployment(cache: Cache) -> dict[Key, list[ServingPod]]:
    """Return the serving pods of every ModelDeployment."""
    found: dict[Key, list[ServingPod]] = {}
    for pod in cache.list(POD, None):
        labels = pod["metadata"].get("labels", {})
        if name := labels.get(names.DEPLOYMENT_LABEL):
            key = Key(MODEL_DEPLOYMENT, pod["metadata"]["namespace"], name)
            found.setdefault(key, []).append(_serving_pod(pod, labels))
    return found


def serving_pods(cache: Cache, deployment: Key) -> Iterator[ServingPod]:
    """Yield the pods that carry a deployment's label."""
    for pod in cache.list(POD, deployment.namespace):
        labels = pod["metadata"].get("labels", {})
        if labels.get(names.DEPLOYMENT_LABEL) == deployment.name:
            yield _serving_pod(pod, labels)


def _serving_pod(pod: Object, labels: Mapping[str, str]) -> ServingPod:
    image, port = _server(pod)
    ip = pod.get("status", {}).get("podIP", "")
    host = f"[{ip}]" if ":" in ip else ip
    return ServingPod(
        name=pod["metadata"]["name"],
        identity=labels.get(names.IDENTITY_LABEL, ""),
        image=image,
        address=f"http://{host}:{port}/control" if host and port else "",
        ready=_is_ready(pod),
    )


def _server(pod: Object) -> tuple[str, int]:
    """Return image and admin port of the serving container."""
    for container in pod.get("spec", {}).get("containers", ()):
        for port in container.get("ports", ()):
            if port.get("name") == layout.ADMIN:
                return container.get("image", ""), port["containerPort"]
    return "", 0


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    # A pod that is being deleted stays Ready for a while, but gets no new requests.
    return ready and not is_leaving(pod)
