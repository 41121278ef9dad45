"""The judge Job: fetch (ours), predict (loads the model; no credentials, no labels), judge (ours).

The model is code that we did not write. Only `predict` loads it, and it has access neither to the
store nor to the labels. `judge` has access to both, but it reads predictions and loads no model.
What to evaluate is an annotation of the Job, which its pods read as a file.
"""

from plumbline.api import canonical, names
from plumbline.api.meta import GROUP
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.contract import layout
from plumbline.contract.tasks import FrozenSpec, JudgeTask
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import job, metadata, pod, steps
from plumbline.plan.specs.train_job import spec_name_of

COMPONENT = layout.JUDGE
# Judge Jobs of older releases carry this key, so it keeps its first name.
REQUEST = f"{GROUP}/case"
# A judge Job that fails ends the run, and the training would have to be repeated.
BACKOFF_LIMIT = 3
# Volumes and their mount paths.
_FEATURES, _LABELS = ("features", layout.FEATURES), ("labels", layout.LABELS)
_MODEL, _CHAMPION = ("model", layout.MODEL), ("champion", layout.CHAMPION)
_PREDICTIONS = ("predictions", layout.PREDICTIONS)


def text_of(task: JudgeTask) -> str:
    """Return the value of the annotation, which the steps read as a file."""
    return canonical.text(task.wire)


def token_of(task: JudgeTask) -> str:
    """Return a short hash of the task, for the name of its Job."""
    return canonical.short([task.training, task.wire["champion"]])


def judge_job(
    name: str, run: TrainingRun, spec: FrozenSpec, task: JudgeTask, *, settings: Settings
) -> Manifest:
    """Return the Job that evaluates the model of a task."""
    about = run.metadata
    owned = metadata.child(
        name,
        resource=TRAINING_RUN,
        owner=about,
        labels=metadata.labels(COMPONENT, **{names.RUN_LABEL: about.name}),
        annotations={REQUEST: text_of(task)},
    )
    return job.job(
        owned,
        judge_pod(run, spec, settings),
        default_container=COMPONENT,
        generation=about.generation,
        backoff_limit=BACKOFF_LIMIT,
        retryable=[layout.FETCH, layout.JUDGE],
        queue=job.queue_labels(about.labels),
    )


def judge_pod(run: TrainingRun, spec: FrozenSpec, settings: Settings) -> Manifest:
    """Return the pod of the judge Job."""
    namespace = run.metadata.namespace
    volumes = ("features", "labels", "model", "champion", "predictions", "tmp", "tmp-predict")
    return pod.pod(
        init=[_fetch(settings, namespace), _predict(spec, settings)],
        containers=[_judge(settings, namespace)],
        volumes=[
            steps.task_volume(spec_name_of(run.metadata.name), {layout.JUDGE_FILE: REQUEST}),
            *(pod.scratch(volume, steps.SCRATCH_SIZE) for volume in volumes),
        ],
    )


def _fetch(settings: Settings, namespace: str) -> Manifest:
    return steps.step(
        layout.FETCH,
        settings=settings,
        args=[layout.FETCH_JUDGING],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[
            steps.task_mount(),
            pod.mount("tmp", layout.TMP),
            *(pod.mount(*volume) for volume in (_FEATURES, _LABELS, _MODEL, _CHAMPION)),
        ],
    )


def _predict(spec: FrozenSpec, settings: Settings) -> Manifest:
    seen = (_FEATURES, _MODEL, _CHAMPION)
    return steps.step(
        layout.PREDICT,
        settings=settings,
        args=[layout.PREDICT],
        env=steps.threads(layout.PREDICT),
        mounts=[
            steps.task_mount(),
            pod.mount("tmp-predict", layout.TMP),
            *(pod.mount(*volume, read_only=True) for volume in seen),
            pod.mount(*_PREDICTIONS),
        ],
        resources=pod.requirements(spec.pod.resources),
    )


def _judge(settings: Settings, namespace: str) -> Manifest:
    seen = (_FEATURES, _LABELS, _MODEL, _CHAMPION, _PREDICTIONS)
    return steps.step(
        COMPONENT,
        settings=settings,
        args=[layout.JUDGE],
        env=steps.store_environment(settings, namespace),
        env_from=steps.store_credentials(),
        mounts=[
            steps.task_mount(),
            pod.mount("tmp", layout.TMP),
            *(pod.mount(*volume, read_only=True) for volume in seen),
        ],
    )
