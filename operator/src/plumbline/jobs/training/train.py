"""The train step: the built-in trainer for scikit-learn compatible estimators."""

import json
import time
from typing import Any

import numpy as np
import polars as pl
import sklearn

from plumbline.contract import layout
from plumbline.contract.tasks import DataTask
from plumbline.jobs.failures import JobFailed, text_of
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.jobs.training import rare_classes, safe
from plumbline.jobs.training.estimators import make_estimator
from plumbline.jobs.training.families import engine_of, link_of, not_compilable
from plumbline.jobs.training.features import model_input
from plumbline.jobs.training.inputs import NotCompilable
from plumbline.jobs.training.preprocess import make_pipeline
from plumbline.log import get_logger

log = get_logger(__name__)


def run(paths: Paths) -> None:
    """Fit on /data/train.parquet; write /model/model.skops and /model/training.json."""
    task = read(paths.at(layout.DATA_TASK), DataTask)
    frame = pl.read_parquet(paths.at(layout.TRAINING_ROWS))
    started = time.monotonic()
    model = _fitted(task, frame)
    seconds = round(time.monotonic() - started, 3)
    paths.at(layout.MODEL).mkdir(parents=True, exist_ok=True)
    safe.save(model, paths.at(layout.TRAINED_MODEL))
    facts = _facts(task, frame, seconds)
    paths.at(layout.TRAINING_FACTS).write_text(json.dumps(facts, sort_keys=True))
    log.info("trained", rows=frame.height, seconds=seconds)


def _fitted(task: DataTask, frame: pl.DataFrame) -> Any:
    if task.estimator is None:
        raise JobFailed("TaskInvalid", "The task has no estimator: the run has trainer.container.")
    path, params = task.estimator.import_, task.estimator.params
    labels = _labels(task, frame)
    classes = np.unique(labels).tolist() if task.task == "Classification" else []
    estimator = make_estimator(path, params, task=task.task, seed=task.seed, classes=classes)
    _check_served(estimator, len(classes))
    rare_classes.check(estimator, labels, task)
    inputs = model_input(frame, task.features)
    try:
        return make_pipeline(estimator, task.features, inputs).fit(inputs, labels)
    except JobFailed:
        raise
    except Exception as error:  # whatever numbers or parameters make an estimator raise
        raise _unfitted(path, error, task) from error


def _check_served(estimator: Any, classes: int) -> None:
    """Refuse an estimator that the model server cannot run, before hours of fitting."""
    try:
        if engine_of(estimator) == "linear":
            link_of(estimator, classes)
    except NotCompilable as error:
        raise not_compilable(error) from error


def _unfitted(path: str, error: Exception, task: DataTask) -> JobFailed:
    kind = type(error).__name__
    if kind == "InvalidParameterError":
        message = f"{path} refuses trainer.estimator.params: {text_of(error, 600)}."
        return JobFailed("EstimatorParamsInvalid", message)
    log.error("estimator raised an error", estimator=path, error=kind)
    text = text_of(error, 600)
    if task.personal_target or any(feature.get("personal") for feature in task.features):
        text = f"a {kind}, whose text may have personal data"
    return JobFailed("TrainingFailed", f"{path} raised an error in fit: {text}.")


def _labels(task: DataTask, frame: pl.DataFrame) -> Any:
    """Return the target: text or whole numbers as classes, floats as values."""
    target = frame[task.target]
    if task.task == "Regression":
        return target.cast(pl.Float64).to_numpy()
    if target.n_unique() < 2:
        raise JobFailed(
            "TargetConstant",
            f"Target {task.target} has the same value in all training rows: there is nothing to "
            "learn.",
        )
    return target.to_numpy() if target.dtype != pl.String else target.to_numpy().astype(str)


def _facts(task: DataTask, frame: pl.DataFrame, seconds: float) -> dict[str, Any]:
    return {
        "rows": frame.height,
        "features": len(task.features),
        "fitSeconds": seconds,
        "sklearn": sklearn.__version__,
    }
