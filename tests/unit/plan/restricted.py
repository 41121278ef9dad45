"""Where a pod spec violates the restricted Pod Security Standard or our own, stricter rules.

Every pod that a plan can create is checked; in a cluster the API server checks the standard.
"""

from collections.abc import Iterator
from typing import Any

from plumbline.api.objects import Manifest

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "projected", "secret"} | {
    "persistentVolumeClaim"
}
HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC")
REQUESTED = ("cpu", "memory", "ephemeral-storage")
LIMITED = ("memory", "ephemeral-storage")


def violations(pod_spec: Manifest) -> list[str]:
    """Return a sentence for each violated rule; none for a good pod."""
    return [*_of_pod(pod_spec), *_of_volumes(pod_spec), *_of_containers(pod_spec)]


def _of_pod(spec: Manifest) -> Iterator[str]:
    context = spec.get("securityContext", {})
    yield from (f"pod: {field} is set" for field in HOST_FIELDS if spec.get(field))
    if context.get("runAsNonRoot") is not True:
        yield "pod: runAsNonRoot is not true"
    if context.get("runAsUser") == 0:
        yield "pod: runAsUser is 0"
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "pod: seccompProfile is not RuntimeDefault"
    if context.get("sysctls"):
        yield "pod: sysctls are set"
    if "fsGroup" not in context:
        yield "pod: fsGroup is not set"
    if spec.get("automountServiceAccountToken") is not False:
        yield "pod: the service account's token is mounted"
    if spec.get("enableServiceLinks") is not False:
        yield "pod: service links are on"


def _of_volumes(spec: Manifest) -> Iterator[str]:
    for volume in spec.get("volumes", ()):
        kinds = set(volume) - {"name"}
        yield from (f"volume {volume['name']}: {kind}" for kind in sorted(kinds - VOLUMES))
        if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
            yield f"volume {volume['name']}: emptyDir without sizeLimit"


def _of_containers(spec: Manifest) -> Iterator[str]:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(group, ()):
            for sentence in _of_container(container):
                yield f"container {container['name']}: {sentence}"


def _of_container(container: Manifest) -> Iterator[str]:
    yield from _of_security(container.get("securityContext", {}))
    yield from _of_resources(container.get("resources", {}))
    for port in container.get("ports", ()):
        if port.get("hostPort"):
            yield "hostPort is set"
    for key, probe in container.items():
        if key.endswith("Probe") and _names_host(probe):
            yield f"{key} names a host"


def _of_security(context: dict[str, Any]) -> Iterator[str]:
    capabilities = context.get("capabilities", {})
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if "ALL" not in capabilities.get("drop", ()):
        yield "capabilities are not dropped"
    if set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield "capabilities are added"
    if context.get("runAsNonRoot", True) is not True or context.get("runAsUser") == 0:
        yield "runs as root"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "the root file system can be written"
    if context.get("procMount", "Default") != "Default":
        yield "procMount is not Default"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield "seccomp is unconfined"


def _of_resources(resources: dict[str, Any]) -> Iterator[str]:
    for name in REQUESTED:
        if name not in resources.get("requests", {}):
            yield f"no request for {name}"
    for name in LIMITED:
        if name not in resources.get("limits", {}):
            yield f"no limit for {name}"


def _names_host(probe: Manifest) -> bool:
    return any(bool(probe.get(kind, {}).get("host")) for kind in ("httpGet", "tcpSocket"))
