"""The judge step: answers and labels become metrics, verdicts, a card and the Model manifest.

It never loads a model, and opens what the predict step left as coming from a stranger.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from plumbline.contract.last_words import Success
from plumbline.contract.tasks import Champion, JudgeTask, TrainingTask
from plumbline.jobs.compiling.artifacts import keep_compiled
from plumbline.jobs.data.rows import dataset_manifest
from plumbline.jobs.files import check_regular
from plumbline.jobs.judging import gates, scores
from plumbline.jobs.judging.fetch_judging import GROUP, judge_file
from plumbline.jobs.judging.gates import Judgement, interval_dict
from plumbline.jobs.judging.predictions import Predictions, read_predictions
from plumbline.jobs.judging.report import model_card
from plumbline.jobs.judging.scores import Sample
from plumbline.jobs.places import Places
from plumbline.jobs.task_file import read
from plumbline.jobs.training.features import features_of
from plumbline.jobs.verdicts import of_model
from plumbline.stats.intervals import Interval
from plumbline.store import Store
from plumbline.store.digests import of_bytes

_PREDICTIONS_LIMIT_BYTES = 1 << 30


def run(places: Places, store: Store) -> Success:
    """Judge the model and write the Model manifest."""
    task, case = read(places.task, TrainingTask), read(judge_file(places), JudgeTask)
    profile = dataset_manifest(store, task.dataset.manifest)
    sample = _sample(task, places)
    found = read_predictions(places, len(sample.labels), task.question.task)
    metrics = scores.measured(sample, found)
    judgement = gates.judge(task.gates, metrics, case.champion, sample, found)
    manifest = {
        **_identity(task, case, places),
        **_artifacts(task, profile, places, store),
        **_verdict(metrics, judgement),
        "champion": _champion(case.champion, judgement, found),
        "maxDifference": found.difference,
    }
    card = model_card(manifest, judgement.gates, profile)
    print(card)
    digest = store.put_manifest({**manifest, "report": store.put_blob(card.encode())})
    return of_model(judgement, digest, task.run.uid)


def _sample(task: TrainingTask, places: Places) -> Sample:
    labels = pl.read_parquet(places.at("/labels/labels.parquet"))
    groups = labels[GROUP].to_numpy() if GROUP in labels.columns else None
    return Sample(labels[task.question.target], groups)


def _identity(task: TrainingTask, case: JudgeTask, places: Places) -> dict[str, Any]:
    estimator, container = task.trainer.estimator, task.trainer.container
    return {
        "kind": "Model",
        "run": task.run.model_dump(mode="json"),
        "dataset": task.dataset.model_dump(mode="json"),
        "question": task.question.model_dump(mode="json", by_alias=True),
        "training": case.training,
        "trainer": estimator.import_ if estimator else container.image if container else "",
        "seed": task.seed,
        "specDigest": of_bytes(places.task.read_bytes()),
    }


def _artifacts(
    task: TrainingTask, profile: Mapping[str, Any], places: Places, store: Store
) -> dict[str, Any]:
    features = features_of(profile, task.features, task.question.target)
    predictions = places.at("/predictions/predictions.parquet")
    check_regular(predictions, limit_bytes=_PREDICTIONS_LIMIT_BYTES)
    return {
        "model": keep_compiled(task, features, places, store),
        "features": [feature["name"] for feature in features],
        "predictions": store.put_blob(predictions),
    }


def _verdict(metrics: Mapping[str, Interval], judgement: Judgement) -> dict[str, Any]:
    return {
        "metrics": [interval_dict(name, found) for name, found in metrics.items()],
        "gates": [
            {"name": gate.name, "verdict": gate.verdict, "message": gate.message}
            for gate in judgement.gates
        ],
        "verdict": judgement.verdict,
    }


def _champion(
    champion: Champion | None, judgement: Judgement, found: Predictions
) -> dict[str, Any] | None:
    """Return who was compared with, and by how much the model is better."""
    if champion is None:
        return None
    better = judgement.better
    return {
        **champion.model_dump(mode="json"),
        "better": interval_dict("better", better) if better else None,
        "error": found.champion_error,
    }
