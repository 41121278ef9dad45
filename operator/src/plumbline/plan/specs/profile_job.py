"""The profile Job of a Dataset: one of our steps reads the source and writes to the store."""

from collections.abc import Mapping

from plumbline.api import canonical, names
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import DATASET, DataSource
from plumbline.contract import layout
from plumbline.contract.tasks import Owner, ProfileTask
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import config_map, job, metadata, pod, steps

COMPONENT = layout.PROFILE
SCRATCH_SIZE = "16Gi"
RESOURCES = pod.resources(
    cpu="250m", memory="512Mi", memory_limit="4Gi", disk="512Mi", disk_limit=SCRATCH_SIZE
)


def profile_job(
    name: str, dataset: Dataset, *, settings: Settings, annotations: Mapping[str, str]
) -> tuple[Manifest, Manifest]:
    """Return the ConfigMap with the task, and the Job."""
    about = metadata.child(
        name,
        resource=DATASET,
        owner=dataset.metadata,
        labels=metadata.labels(COMPONENT, **{names.DATASET_LABEL: dataset.metadata.name}),
        annotations=annotations,
    )
    content = {layout.TASK_FILE: canonical.text(task(dataset).wire)}
    spec = profile_pod(name, dataset, settings)
    made = job.job(
        about,
        spec,
        default_container=COMPONENT,
        generation=dataset.metadata.generation,
        backoff_limit=0,  # the operator creates the Job of the next attempt, later
    )
    return config_map.frozen(about, content), made


def task(dataset: Dataset) -> ProfileTask:
    """Return the task of the step."""
    about, spec = dataset.metadata, dataset.spec
    return ProfileTask(
        dataset=Owner(name=about.name, namespace=about.namespace, uid=about.uid),
        source=spec.source,
        format=spec.format,
        schema_=spec.schema_,
        expectations=spec.expectations,
        question=spec.question,
        holdout_key=f"{about.namespace}/{about.name}",
        previous=dataset.status.manifest,
    )


def profile_pod(name: str, dataset: Dataset, settings: Settings) -> Manifest:
    """Return the pod: the step, its task, the source and scratch volumes."""
    source, wanted = dataset.spec.source, dataset.spec.resources
    environment = steps.store_environment(settings, dataset.metadata.namespace)
    container = steps.step(
        COMPONENT,
        settings=settings,
        args=[layout.PROFILE],
        env=environment,
        env_from=[*steps.store_credentials(), *_source_credentials(source)],
        mounts=[steps.task_mount(), pod.mount("tmp", layout.TMP), *_source_mounts(source)],
        resources=pod.requirements(wanted) if wanted else RESOURCES,
    )
    size = wanted.ephemeral_storage if wanted else SCRATCH_SIZE
    volumes = [steps.task_volume(name), pod.scratch("tmp", size), *_source_volumes(source)]
    return pod.pod(containers=[container], volumes=volumes)


def _source_credentials(source: DataSource) -> list[Manifest]:
    if source.secret_ref is None:
        return []
    return [{"prefix": "SOURCE_", "secretRef": {"name": source.secret_ref.name}}]


def _source_mounts(source: DataSource) -> list[Manifest]:
    return [pod.mount("source", layout.SOURCE, read_only=True)] if source.config_map else []


def _source_volumes(source: DataSource) -> list[Manifest]:
    """Return the volume of the source's ConfigMap."""
    if source.config_map is None:
        return []
    # Optional, since the step reports a missing ConfigMap; else the pod would wait without end.
    content = {"name": source.config_map.name, "optional": True}
    return [{"name": "source", "configMap": content}]
