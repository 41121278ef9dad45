"""The train Job: fetch (ours) downloads the rows, train (any image) trains, upload (ours) stores.

Only our own containers have access to the store; the training container reads and writes files.
"""

from typing import Any

from plumbline.api import names
from plumbline.api.meta import PodTemplate
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.contract import layout
from plumbline.contract.tasks import FrozenSpec
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import job, metadata, pod, steps
from plumbline.plan.specs.train_containers import fetch, train, upload

COMPONENT = layout.TRAIN
# In this time the upload after the training can store 2 GiB at 18 MB/s. Also a training that is
# deleted has this time to end; after it, it is killed and nothing is uploaded.
GRACE_SECONDS = 120
# The fields of spec.podTemplate that the pod has as they are; its variables go to one container.
OVERRIDES = (
    "service_account_name",
    "image_pull_secrets",
    "node_selector",
    "tolerations",
    "priority_class_name",
    "runtime_class_name",
)


def name_of(run: str, number: int = 1) -> str:
    """Return the name of a run's train Job of this number."""
    return f"{run}-train" if number == 1 else f"{run}-train-{number}"


def spec_name_of(run: str) -> str:
    """Return the name of the ConfigMap with a run's frozen spec."""
    return f"{run}-spec"


def train_job(name: str, run: TrainingRun, spec: FrozenSpec, *, settings: Settings) -> Manifest:
    """Return a train Job of a run."""
    about = run.metadata
    owned = metadata.child(
        name,
        resource=TRAINING_RUN,
        owner=about,
        labels=metadata.labels(COMPONENT, **{names.RUN_LABEL: about.name}),
    )
    return job.job(
        owned,
        train_pod(run, spec, settings),
        default_container=COMPONENT,
        generation=about.generation,
        backoff_limit=spec.pod.backoff_limit,
        retryable=[layout.FETCH],
        deadline_seconds=run.spec.active_deadline_seconds or spec.pod.active_deadline_seconds,
        queue=job.queue_labels(about.labels),
    )


def train_pod(run: TrainingRun, spec: FrozenSpec, settings: Settings) -> Manifest:
    """Return the pod of the train Job."""
    size = spec.pod.resources.ephemeral_storage
    volumes = [
        steps.task_volume(spec_name_of(run.metadata.name)),
        *(pod.scratch(name, size) for name in ("data", "model", "tmp-train")),
        pod.scratch("tmp", steps.SCRATCH_SIZE),
    ]
    namespace = run.metadata.namespace
    return pod.pod(
        init=[fetch(settings, namespace), upload(settings, namespace)],
        containers=[train(spec, settings)],
        volumes=volumes,
        grace_seconds=GRACE_SECONDS,
        overrides=overrides(spec.pod.pod_template),
    )


def overrides(template: PodTemplate) -> dict[str, Any]:
    """Return the fields of a pod that a user has set."""
    given = template.model_dump(
        mode="json", by_alias=True, exclude_none=True, include=set(OVERRIDES)
    )
    return {field: value for field, value in given.items() if value}
