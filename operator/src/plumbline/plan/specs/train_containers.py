"""The containers of the train Job; only our `fetch` and `upload` have access to the store."""

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1.training_run import TrainerContainer
from plumbline.contract import layout
from plumbline.contract.tasks import FrozenSpec
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import pod, steps


def fetch(settings: Settings, namespace: str) -> Manifest:
    """Return the step that downloads the training rows, but not the holdout."""
    return steps.step(
        layout.FETCH,
        settings=settings,
        args=[layout.FETCH_TRAINING],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[steps.task_mount(), pod.mount("data", layout.DATA), pod.mount("tmp", layout.TMP)],
    )


def upload(settings: Settings, namespace: str) -> Manifest:
    """Return the sidecar: after the training it receives SIGTERM, and then uploads the model."""
    container = steps.step(
        layout.UPLOAD,
        settings=settings,
        args=[layout.UPLOAD],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[
            steps.task_mount(),
            pod.mount("model", layout.MODEL, read_only=True),
            pod.mount("tmp", layout.TMP),
        ],
        resources=steps.UPLOAD_RESOURCES,
    )
    return {**container, "restartPolicy": "Always", "startupProbe": _upload_ready_probe()}


def _upload_ready_probe() -> Manifest:
    """Return the probe of the upload: training starts when the upload can handle SIGTERM."""
    return {
        "exec": {"command": ["test", "-e", layout.UPLOAD_READY]},
        "periodSeconds": 1,
        "timeoutSeconds": 5,
        "failureThreshold": 120,
    }


def train(spec: FrozenSpec, settings: Settings) -> Manifest:
    """Return the training container: the user's, or ours with the user's estimator."""
    mounts = [
        pod.mount("data", layout.DATA, read_only=True),
        pod.mount("model", layout.MODEL),
        pod.mount("tmp-train", layout.TMP),
    ]
    resources = pod.requirements(spec.pod.resources)
    environment = _environment(spec)
    if spec.trainer.container:
        return _user_container(spec.trainer.container, environment, mounts, resources)
    return steps.step(
        layout.TRAIN,
        settings=settings,
        args=[layout.TRAIN],
        env=environment,
        mounts=mounts,
        resources=resources,
    )


def _user_container(
    trainer: TrainerContainer, env: list[Manifest], mounts: list[Manifest], resources: Manifest
) -> Manifest:
    return pod.container(
        layout.TRAIN,
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
    """Return the variables of the training container; a later one replaces an earlier one.

    So a user may set the number of threads, but not the paths and the seed.
    """
    own = spec.trainer.container.env if spec.trainer.container else []
    ours = {
        layout.DATA_VARIABLE: layout.DATA,
        layout.MODEL_VARIABLE: layout.MODEL,
        layout.SEED_VARIABLE: str(spec.seed),
    }
    variables = [
        *steps.threads(layout.TRAIN),
        *({"name": each.name, "value": each.value} for each in own),
        *(dict(each) for each in spec.pod.pod_template.env),
        *pod.variables(ours),
    ]
    return list({each["name"]: each for each in variables}.values())
