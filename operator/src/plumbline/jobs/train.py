"""The train step: the built-in trainer for scikit-learn compatible estimators."""

import json
import time
from typing import Any

import polars as pl
import sklearn

from plumbline.jobs import safe
from plumbline.jobs.estimators import make_estimator
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.features import model_input
from plumbline.jobs.places import Places
from plumbline.jobs.preprocess import make_pipeline
from plumbline.jobs.tasks import DataTask, read


def run(places: Places) -> None:
    """Fit on /data/train.parquet; write /model/model.skops and /model/training.json."""
    task = read(places.at("/data/task.json"), DataTask)
    frame = pl.read_parquet(places.at("/data/train.parquet"))
    started = time.monotonic()
    model = _fitted(task, frame)
    seconds = round(time.monotonic() - started, 3)
    places.at("/model").mkdir(parents=True, exist_ok=True)
    safe.save(model, places.at("/model/model.skops"))
    facts = _facts(task, frame, seconds)
    places.at("/model/training.json").write_text(json.dumps(facts, sort_keys=True))
    print(f"trained on {frame.height} rows in {seconds} s")


def _fitted(task: DataTask, frame: pl.DataFrame) -> Any:
    if task.estimator is None:
        raise JobFailed("TaskInvalid", "no estimator: this run has a container of its own.")
    path = task.estimator["import"]
    estimator = make_estimator(
        path, task.estimator.get("params", {}), task=task.task, seed=task.seed
    )
    inputs = model_input(frame, task.features)
    try:
        return make_pipeline(estimator, task.features, inputs).fit(inputs, _labels(task, frame))
    except (ValueError, TypeError) as error:
        raise JobFailed("TrainingFailed", f"{path} cannot learn: {str(error)[:600]}") from error


def _labels(task: DataTask, frame: pl.DataFrame) -> Any:
    """Return the target: text or whole numbers as classes, floats as values."""
    target = frame[task.target]
    if task.task == "Regression":
        return target.cast(pl.Float64).to_numpy()
    if target.n_unique() < 2:
        raise JobFailed(
            "TargetConstant", f"{task.target} is the same in all training rows; nothing to learn."
        )
    return target.to_numpy() if target.dtype != pl.String else target.to_numpy().astype(str)


def _facts(task: DataTask, frame: pl.DataFrame, seconds: float) -> dict[str, Any]:
    return {
        "rows": frame.height,
        "features": len(task.features),
        "fitSeconds": seconds,
        "sklearn": sklearn.__version__,
    }
