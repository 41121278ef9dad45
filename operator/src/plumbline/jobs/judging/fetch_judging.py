"""The fetch-judging step: features and models for the predict step, labels for the judge step.

They are on different volumes, so that the code of a model never sees a label.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from plumbline.contract import layout
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.model_manifest import File, ModelManifest, TrainingManifest
from plumbline.contract.tasks import JudgeTask, PredictTask, TrainingTask
from plumbline.jobs.data.rows import dataset_manifest, read_manifest, read_rows
from plumbline.jobs.data.texts import texts
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.files import safe_relative
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.jobs.training.features import Feature, features_of
from plumbline.store import Store

GROUP = "__group"
_SAMPLE_ROWS = 500
_FEWEST_DAYS = 10
_LIMIT_BYTES = 2 << 30


def run(paths: Paths, store: Store) -> None:
    """Fill /features, /labels, /model and /champion."""
    task = read(paths.task, TrainingTask)
    judge = read(judge_file(paths), JudgeTask)
    manifest = dataset_manifest(store, task.dataset)
    target = task.question.target
    features = features_of(manifest, task.features, target)
    for folder in (layout.FEATURES, layout.LABELS, layout.MODEL, layout.CHAMPION):
        paths.at(folder).mkdir(parents=True, exist_ok=True)
    training = read_manifest(store, judge.training, TrainingManifest)
    _fetch_files(store, training.files, paths.at(layout.MODEL))
    if judge.champion:
        champion = read_manifest(store, judge.champion.manifest, ModelManifest)
        _fetch_files(store, champion.model.files, paths.at(layout.CHAMPION))
    _write_rows(manifest, features, target, paths, store)
    _write_task(task, features, manifest, judge, paths)


def judge_file(paths: Paths) -> Path:
    """Return the path of the second task file, in the same folder as the first."""
    return paths.task.with_name(layout.JUDGE_FILE)


def _fetch_files(store: Store, files: Sequence[File], folder: Path) -> None:
    left = _LIMIT_BYTES
    for file in files:
        path = folder / safe_relative(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        store.download_blob(file.blob, path, limit_bytes=left)
        left -= path.stat().st_size


def _write_rows(
    manifest: DatasetManifest, features: list[Feature], target: str, paths: Paths, store: Store
) -> None:
    held = read_rows(manifest, store, paths.scratch, held=True, target=target)
    if not held.height:
        message = "No row is held out, so the model cannot be evaluated."
        raise JobFailed("NoHoldoutRows", f"{message} Raise spec.question.holdout.share.")
    names = [feature["name"] for feature in features]
    held.drop(target).write_parquet(paths.at(layout.HELD_OUT))
    _labels(held, manifest, target).write_parquet(paths.at(layout.LABELS_FILE))
    train = read_rows(manifest, store, paths.scratch, held=False, target=target)
    values = pl.concat([held[target], train[target]]).unique()
    values.to_frame().write_parquet(paths.at(layout.CLASSES_FILE))
    sample = train.select(names).gather_every(max(1, train.height // _SAMPLE_ROWS))
    sample.write_parquet(paths.at(layout.SAMPLE_ROWS))


def _labels(held: pl.DataFrame, manifest: DatasetManifest, target: str) -> pl.DataFrame:
    """Return the target and, if there are any, the groups of rows: by group column, or by day."""
    group = _group(held, manifest)
    return held.select(pl.col(target), *([] if group is None else [group.alias(GROUP)]))


def _group(held: pl.DataFrame, manifest: DatasetManifest) -> pl.Series | None:
    """Return the group of each row. Rows of one day count as a group, because they are alike."""
    holdout, time = manifest.holdout, manifest.schema_.time_column
    if holdout and holdout.column and holdout.by == "Group":
        return _or_alone(texts(held[holdout.column]))
    if time is None or not isinstance(held.schema[time], pl.Datetime):
        return None
    days = _or_alone(held[time].dt.date().cast(pl.String))
    # A confidence interval from so few groups would say nothing.
    return days if days.n_unique() >= _FEWEST_DAYS else None


def _or_alone(groups: pl.Series) -> pl.Series:
    """Return the groups, in which a row without one is a group of its own."""
    rows = pl.int_range(len(groups), eager=True).cast(pl.String)
    return groups.zip_with(groups.is_not_null(), "\0" + rows)


def _write_task(
    task: TrainingTask,
    features: list[Feature],
    manifest: DatasetManifest,
    judge: JudgeTask,
    paths: Paths,
) -> None:
    names = {feature["name"] for feature in features}
    reference = manifest.reference.columns if manifest.reference else ()
    predict = PredictTask(
        task=task.question.task,
        target=task.question.target,
        features=[dict(feature) for feature in features],
        reference=tuple(column for column in reference if column.get("name") in names),
        champion=judge.champion is not None,
        random_rows=manifest.holdout is None or manifest.holdout.by != "Time",
    )
    paths.at(layout.PREDICT_TASK).write_text(json.dumps(predict.wire))
