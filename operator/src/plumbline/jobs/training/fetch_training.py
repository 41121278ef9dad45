"""The fetch-training step: fetches the rows to train on, and no row of the holdout."""

import json

from plumbline.contract import gates, layout
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.tasks import DataTask, TrainingTask
from plumbline.jobs.data.rows import dataset_manifest, read_rows
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.jobs.training.features import Feature, features_of
from plumbline.log import get_logger
from plumbline.store import Store

log = get_logger(__name__)


def run(paths: Paths, store: Store) -> None:
    """Write /data/train.parquet and /data/task.json."""
    task = read(paths.task, TrainingTask)
    target = task.question.target
    manifest = dataset_manifest(store, task.dataset)
    _check_gates(task, manifest)
    features = features_of(manifest, task.features, target)
    rows = read_rows(manifest, store, paths.scratch, held=False, target=target)
    names = [feature["name"] for feature in features]
    if not rows.height:
        message = (
            f"Dataset {task.dataset.name}: every row is held out, so no row is left to train on"
        )
        raise JobFailed("NoTrainingRows", f"{message}. Lower spec.question.holdout.share.")
    paths.at(layout.DATA).mkdir(parents=True, exist_ok=True)
    rows.select(*names, target).write_parquet(paths.at(layout.TRAINING_ROWS))
    paths.at(layout.DATA_TASK).write_text(json.dumps(_data_task(task, features, manifest).wire))
    log.info("training rows fetched", rows=rows.height, features=len(names), target=target)


def _check_gates(task: TrainingTask, manifest: DatasetManifest) -> None:
    """Refuse gates that cannot be evaluated, before hours of training.

    The number of classes decides, which is known only once the data was profiled.
    """
    question = task.question
    found = [each.distinct for each in manifest.columns if each.name == question.target]
    classes = found[0] if found and question.task == "Classification" else None
    for field, metric in gates.inapplicable(task.gates, question.task, classes):
        why = gates.too_many(metric, question.target, classes or 0)
        raise JobFailed("MetricNotApplicable", f"gates.{field}: {why}.")
    _check_variety(task, manifest)


def _check_variety(task: TrainingTask, manifest: DatasetManifest) -> None:
    """Refuse gates that nothing can pass or miss, because the target never changes."""
    if manifest.holdout is None or manifest.holdout.targets != 1:
        return
    for field, metric in gates.needing_variety(task.gates):
        why = f"{metric.name} needs two values of target {task.question.target}"
        having = "the held-out rows have only one. Use another metric, or hold out other rows"
        raise JobFailed("MetricNotApplicable", f"gates.{field}: {why}, and {having}.")


def _data_task(task: TrainingTask, features: list[Feature], manifest: DatasetManifest) -> DataTask:
    target = next(c for c in manifest.schema_.columns if c.name == task.question.target)
    return DataTask(
        task=task.question.task,
        target=task.question.target,
        features=[dict(feature) for feature in features],
        seed=task.seed,
        estimator=task.trainer.estimator,
        personal_target=target.personal,
    )
