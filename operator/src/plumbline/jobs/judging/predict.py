"""The predict step: load the model, compile it, check that both agree, and predict the holdout.

This is the only step that reads the file of the model. It has no credentials and no labels.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl

from plumbline.contract import layout
from plumbline.contract.model_json import Reference
from plumbline.contract.tasks import PredictTask
from plumbline.jobs.compiling import answers, proof
from plumbline.jobs.compiling.answers import Answers, prediction_reference
from plumbline.jobs.compiling.compiled import Facts, add_reference, classes_of, compile_model
from plumbline.jobs.compiling.inputs import check_width
from plumbline.jobs.failures import JobFailed, text_of
from plumbline.jobs.files import check_regular
from plumbline.jobs.judging import champion
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.jobs.training import safe
from plumbline.jobs.training.families import not_compilable
from plumbline.jobs.training.inputs import NotCompilable
from plumbline.log import get_logger
from plumbline.stats.bins import ColumnBins

_MODEL_LIMIT_BYTES = 2 << 30

log = get_logger(__name__)


def run(paths: Paths) -> None:
    """Write /predictions/compiled, /predictions/predictions.parquet and predict.json."""
    task = read(paths.at(layout.PREDICT_TASK), PredictTask)
    holdout = pl.read_parquet(paths.at(layout.HELD_OUT))
    sample = pl.read_parquet(paths.at(layout.SAMPLE_ROWS))
    model, folder = _model(task, paths), paths.at(layout.COMPILED)
    own, classes = _answered(model, holdout, task), classes_of(model)
    _compile(model, task, folder)
    _add_reference(task, answers.of_compiled(folder, holdout, task.features), classes, folder)
    tables = (holdout, sample, proof.edge_rows(sample, task.features))
    worst = proof.prove_equal(model, task.features, tables, folder)
    proof.add_sample(folder, sample, task.features)
    theirs = champion.answered(task, holdout, paths)
    table = {**columns("model", own, classes), **columns("champion", *theirs.answers)}
    pl.DataFrame(table).write_parquet(paths.at(layout.PREDICTIONS_FILE))
    facts = {"compiled": True, "maxDifference": worst, "classes": classes, **theirs.as_dict()}
    paths.at(layout.PREDICT_FACTS).write_text(json.dumps(facts))
    log.info("predicted; the compiled model agrees", rows=holdout.height, max_difference=worst)


def columns(name: str, matrix: Answers | None, classes: list[Any] | None) -> dict[str, Any]:
    """Return predictions as columns: `model`, or `model_<class>` for each class."""
    if matrix is None:
        return {}
    if classes is None:
        return {name: matrix[:, 0]}
    return {f"{name}_{each}": matrix[:, place] for place, each in enumerate(classes)}


def _model(task: PredictTask, paths: Paths) -> Any:
    path = paths.at(layout.TRAINED_MODEL)
    if not path.exists() and not path.is_symlink():
        message = "The training container wrote no $PLUMBLINE_MODEL/model.skops (in /model)."
        raise JobFailed("ModelMissing", f"{message} Write it with skops.io.dump.")
    if not check_regular(path, limit_bytes=_MODEL_LIMIT_BYTES):
        raise JobFailed(
            "ModelUnreadable", "model.skops is empty (0 bytes). Write it with skops.io.dump."
        )
    model = safe.load(path)
    if task.task == "Classification" and not hasattr(model, "predict_proba"):
        name = type(getattr(model, "steps", [("", model)])[-1][1]).__name__
        raise JobFailed(
            "NotCompilable",
            f"{name} gives no probabilities. Use an estimator with predict_proba.",
        )
    return model


def _answered(model: Any, frame: pl.DataFrame, task: PredictTask) -> Answers:
    try:
        check_width(model, task.features)
        return answers.of_fitted(model, frame, task.features)
    except NotCompilable as error:
        raise not_compilable(error) from error
    except MemoryError:
        raise
    except Exception as error:  # whatever a model of someone else's raises
        log.error("model raised an error", error=type(error).__name__)
        message = f"The model raised an error on the held-out rows: {_text(error, task)}."
        raise JobFailed("PredictionFailed", message) from error


def _text(error: Exception, task: PredictTask) -> str:
    """Return the text of an error, which may quote a value, unless a feature is personal."""
    is_personal = any(feature.get("personal") for feature in task.features)
    return (
        f"a {type(error).__name__}, whose text may have personal data"
        if is_personal
        else text_of(error)
    )


def _compile(model: Any, task: PredictTask, folder: Path) -> None:
    facts = Facts(task=task.task, target=task.target)
    try:
        compile_model(model, task.features, facts, folder)
    except NotCompilable as error:
        raise not_compilable(error) from error


def _add_reference(
    task: PredictTask, compiled: Answers, classes: list[Any] | None, folder: Path
) -> None:
    """Add the distributions of features and predictions that live rows are compared with.

    The predictions are those of the compiled model, since it will serve: those of the trained model
    may have other last digits.
    """
    others = [ColumnBins.from_json(column) for column in task.reference] if task.random_rows else []
    found = prediction_reference(compiled, classes, chosen_among=others)
    add_reference(folder, Reference([*task.reference, *found]))
