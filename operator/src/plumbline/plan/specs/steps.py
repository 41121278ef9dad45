"""Our own steps: the trainer image with a step's name, with or without store credentials."""

from collections.abc import Mapping, Sequence
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.contract import layout
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import pod

LIGHT_RESOURCES = pod.resources(
    cpu="100m", memory="256Mi", memory_limit="2Gi", disk="256Mi", disk_limit="8Gi"
)
UPLOAD_RESOURCES = pod.resources(
    cpu="50m", memory="128Mi", memory_limit="512Mi", disk="64Mi", disk_limit="1Gi"
)
SCRATCH_SIZE = "8Gi"
_LOG_BOUND = {
    "name": layout.LOG_BOUND_VARIABLE,
    "valueFrom": {"fieldRef": {"fieldPath": f"metadata.annotations['{names.LOG_ANNOTATION}']"}},
}
_JOB_UID = "metadata.labels['batch.kubernetes.io/controller-uid']"


def step(
    name: str,
    *,
    settings: Settings,
    args: Sequence[str],
    mounts: Sequence[Manifest],
    env: Sequence[Manifest] = (),
    env_from: Sequence[Manifest] = (),
    resources: Manifest = LIGHT_RESOURCES,
) -> dict[str, Any]:
    """Return a container that runs one of our own steps."""
    return pod.container(
        name,
        image=settings.trainer_image,
        pull_policy=settings.image_pull_policy,
        command=["python", "-m", "plumbline.jobs"],
        args=args,
        env=[*pod.variables({"HOME": layout.TMP, **settings.log_environment}), _LOG_BOUND, *env],
        env_from=env_from,
        mounts=mounts,
        resources=resources,
    )


def store_environment(settings: Settings, namespace: str) -> list[Manifest]:
    """Return the variables with the store's address and the uid of the Job."""
    url = settings.store_url_of(namespace)
    constants = pod.variables({**settings.store_environment, layout.STORE_URL_VARIABLE: url})
    field: Mapping[str, Any] = {"fieldRef": {"fieldPath": _JOB_UID}}
    return [*constants, {"name": layout.JOB_UID_VARIABLE, "valueFrom": field}]


def store_credentials() -> list[Manifest]:
    """Return the Secret with the store's keys; only for our own steps."""
    return [{"secretRef": {"name": names.STORE_SECRET}}]


def threads(name: str) -> list[Manifest]:
    """Return variables that limit the threads of a container's numeric libraries.

    It is the number of cores in its CPU limit, or of the node if it has none. A waiting thread
    sleeps.
    """
    cores = {"containerName": name, "resource": "limits.cpu", "divisor": "1"}
    number = {"name": "OMP_NUM_THREADS", "valueFrom": {"resourceFieldRef": cores}}
    return [number, *pod.variables({"OMP_WAIT_POLICY": "passive"})]


def task_mount() -> Manifest:
    """Return the mount of a step's task file."""
    return pod.mount("task", layout.TASK_FOLDER, read_only=True)


def task_volume(config_map: str, annotations: Mapping[str, str] | None = None) -> Manifest:
    """Return the volume with the files of a ConfigMap and with annotations of the pod as files."""
    items = [
        {"path": path, "fieldRef": {"fieldPath": f"metadata.annotations['{name}']"}}
        for path, name in (annotations or {}).items()
    ]
    annotated = [{"downwardAPI": {"items": items}}] if items else []
    return {
        "name": "task",
        "projected": {"sources": [{"configMap": {"name": config_map}}, *annotated]},
    }
