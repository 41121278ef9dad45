"""The containers of the train Job; only `fetch` and `upload`, which are ours, reach the store."""

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1.training_run import TrainerContainer
from plumbline.contract.tasks import FrozenSpec
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import pod, steps

TRAIN = "train"
UPLOAD_READY = f"{pod.TMP}/upload-ready"


def fetch(settings: Settings, namespace: str) -> Manifest:
    """Return the step that brings the training rows, and no others."""
    return steps.step(
        "fetch",
        settings=settings,
        args=["fetch-training"],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[steps.task_mount(), pod.mount("data", "/data"), pod.mount("tmp", pod.TMP)],
    )


def upload(settings: Settings, namespace: str) -> Manifest:
    """Return the side-car: it is told to end when training has ended, and ships the model then."""
    container = steps.step(
        "upload",
        settings=settings,
        args=["upload"],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[
            steps.task_mount(),
            pod.mount("model", "/model", read_only=True),
            pod.mount("tmp", pod.TMP),
        ],
        resources=steps.UPLOAD,
    )
    return {**container, "restartPolicy": "Always", "startupProbe": _listens()}


def _listens() -> Manifest:
    """Training waits until the upload can hear of its end; SIGTERM before that would be lost."""
    return {
        "exec": {"command": ["test", "-e", UPLOAD_READY]},
        "periodSeconds": 1,
        "timeoutSeconds": 5,
        "failureThreshold": 120,
    }


def train(spec: FrozenSpec, settings: Settings) -> Manifest:
    """Return the container that learns: the user's, or ours with the user's estimator."""
    mounts = [
        pod.mount("data", "/data", read_only=True),
        pod.mount("model", "/model"),
        pod.mount("tmp-train", pod.TMP),
    ]
    resources = pod.requirements(spec.pod.resources)
    environment = _environment(spec)
    if spec.trainer.container:
        return _users(spec.trainer.container, environment, mounts, resources)
    return steps.step(
        TRAIN,
        settings=settings,
        args=["train"],
        env=environment,
        mounts=mounts,
        resources=resources,
    )


def _users(
    trainer: TrainerContainer, env: list[Manifest], mounts: list[Manifest], resources: Manifest
) -> Manifest:
    return pod.container(
        TRAIN,
        image=trainer.image,
        pull_policy=None,
        command=trainer.command,
        args=trainer.args,
        env=env,
        mounts=mounts,
        resources=resources,
        user=None,
    )


def _environment(spec: FrozenSpec) -> list[Manifest]:
    """Return the variables of the training container: the user's, and ours, which win.

    How many threads there are is only our proposal: there the user's word wins.
    """
    own = spec.trainer.container.env if spec.trainer.container else []
    ours = {
        "PLUMBLINE_DATA": "/data",
        "PLUMBLINE_MODEL": "/model",
        "PLUMBLINE_SEED": str(spec.seed),
    }
    lines = [
        *steps.threads(TRAIN),
        *({"name": each.name, "value": each.value} for each in own),
        *(dict(each) for each in spec.pod.pod_template.env),
        *pod.variables(ours),
    ]
    return list({line["name"]: line for line in lines}.values())
