"""Pods and containers that meet the restricted Pod Security Standard, with a read-only root.

Our own containers run as one fixed user. A user's image keeps its user, and the kubelet refuses it
if that is root. A shared group lets both write to the pod's volumes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from plumbline.api.objects import Manifest
from plumbline.api.quantities import Resources

USER = 65532


def container(
    name: str,
    *,
    image: str,
    pull_policy: str | None,
    command: Sequence[str] = (),
    args: Sequence[str] = (),
    env: Sequence[Manifest] = (),
    env_from: Sequence[Manifest] = (),
    mounts: Sequence[Manifest] = (),
    resources: Manifest,
    user: int | None = USER,
) -> dict[str, Any]:
    """Return a container.

    Args:
        name: its name.
        image: its image.
        pull_policy: when to pull it; None for the cluster's default.
        command: entry point; the image's when empty.
        args: its arguments.
        env: environment variables.
        env_from: Secrets whose keys become variables.
        mounts: volume mounts.
        resources: requests and limits.
        user: user id; None for the image's user, which must not be root.
    """
    optional = {
        "command": list(command),
        "args": list(args),
        "env": list(env),
        "envFrom": list(env_from),
        "volumeMounts": list(mounts),
    }
    return {
        "name": name,
        "image": image,
        **({"imagePullPolicy": pull_policy} if pull_policy else {}),
        **{key: value for key, value in optional.items() if value},
        "resources": resources,
        "securityContext": container_security(user),
        # The end of the log says why a container ended that could not write a message.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def container_security(user: int | None) -> Manifest:
    """Return the security context of a container."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        **({"runAsUser": user, "runAsGroup": user} if user is not None else {}),
    }


def pod(
    *,
    containers: Sequence[Manifest],
    init: Sequence[Manifest] = (),
    volumes: Sequence[Manifest] = (),
    grace_seconds: int = 30,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a pod spec; `overrides` are the pod fields that a user set."""
    return {
        # No pod of ours calls the API server.
        "automountServiceAccountToken": False,
        # Else every Service of the namespace would add variables to the environment.
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "fsGroup": USER,
            # Else the kubelet changes the group of every file at each start.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": grace_seconds,
        **({"initContainers": list(init)} if init else {}),
        "containers": list(containers),
        "volumes": list(volumes),
        **(overrides or {}),
    }


def resources(
    *,
    cpu: str,
    memory: str,
    disk: str,
    memory_limit: str | None = None,
    disk_limit: str | None = None,
) -> Manifest:
    """Return requests and limits; CPU has no limit, the other limits default to the requests."""
    return {
        "requests": {"cpu": cpu, "memory": memory, "ephemeral-storage": disk},
        "limits": {"memory": memory_limit or memory, "ephemeral-storage": disk_limit or disk},
    }


def requirements(wanted: Resources) -> Manifest:
    """Return the resources in a spec as a container has them."""
    return resources(cpu=wanted.cpu, memory=wanted.memory, disk=wanted.ephemeral_storage)


def variables(values: Mapping[str, str]) -> list[Manifest]:
    """Return plain environment variables, sorted by name."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def scratch(name: str, limit: str) -> Manifest:
    """Return an empty volume of limited size."""
    return {"name": name, "emptyDir": {"sizeLimit": limit}}


def mount(volume: str, path: str, *, read_only: bool = False) -> Manifest:
    """Return the mount of a volume."""
    return {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}
