"""The judge step: from predictions and labels to metrics, verdicts, model card and manifest.

It never loads a model, and does not trust the files of the predict step: a model could write them.
"""

from typing import Any

import polars as pl

from plumbline.contract import layout
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.last_words import Success
from plumbline.contract.model_manifest import ComparedChampion, JudgedGate, ModelManifest
from plumbline.contract.tasks import Champion, JudgeTask, TrainingTask
from plumbline.jobs.compiling.artifacts import keep_compiled
from plumbline.jobs.data.rows import dataset_manifest
from plumbline.jobs.files import check_regular
from plumbline.jobs.judging import gates, scores
from plumbline.jobs.judging.classes import check_classes
from plumbline.jobs.judging.fetch_judging import GROUP, judge_file
from plumbline.jobs.judging.gates import Judgement
from plumbline.jobs.judging.predictions import Predictions, read_predictions
from plumbline.jobs.judging.report import model_card
from plumbline.jobs.judging.scores import Sample
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.jobs.training.features import features_of
from plumbline.jobs.verdicts import of_model
from plumbline.log import get_logger
from plumbline.stats.gates import Verdict
from plumbline.store import Store
from plumbline.store.digests import of_bytes

_PREDICTIONS_LIMIT_BYTES = 1 << 30

log = get_logger(__name__)


def run(paths: Paths, store: Store) -> Success:
    """Evaluate the model and write the Model manifest."""
    task, case = read(paths.task, TrainingTask), read(judge_file(paths), JudgeTask)
    profile = dataset_manifest(store, task.dataset)
    features = features_of(profile, task.features, task.question.target)
    sample = _sample(task, paths)
    found = read_predictions(paths, len(sample.labels), task.question.task)
    _check_classes(found, profile, task, paths)
    metrics = scores.measured(sample, found)
    model = keep_compiled(task, features, paths, store)
    look = case.looks.number_of(model.digest) if case.looks else 0
    judgement = gates.judge(task.gates, case.champion, sample, found, look=look)
    manifest = ModelManifest(
        kind="Model",
        run=task.run,
        dataset=task.dataset,
        question=task.question,
        training=case.training,
        trainer=_trainer(task),
        seed=task.seed,
        spec_digest=of_bytes(paths.task.read_bytes()),
        model=model,
        features=tuple(feature["name"] for feature in features),
        predictions=_predictions(paths, store),
        metrics=tuple(gates.measured(name, each) for name, each in metrics.items()),
        gates=tuple(_gate(verdict) for verdict in judgement.gates),
        verdict=judgement.verdict,
        look=look,
        champion=_champion(case.champion, judgement, found),
        max_difference=found.difference,
        classes=_classes(found, profile, task),
    )
    card = model_card(manifest, judgement.gates, profile)
    log.info("model evaluated", verdict=judgement.verdict, card=card)
    wire = {**manifest.wire, "report": store.put_blob(card.encode())}
    return of_model(judgement, store.put_manifest(wire), task.run.uid)


def _check_classes(
    found: Predictions, profile: DatasetManifest, task: TrainingTask, paths: Paths
) -> None:
    target = task.question.target
    labels = pl.read_parquet(paths.at(layout.CLASSES_FILE))[target]
    personal = _has_personal_target(profile, target)
    check_classes(found.classes, labels, target=target, personal=personal)


def _classes(found: Predictions, profile: DatasetManifest, task: TrainingTask) -> tuple[Any, ...]:
    """Return the classes in the order of the probabilities, unless they are personal."""
    hidden = _has_personal_target(profile, task.question.target)
    return () if hidden else tuple(found.classes or ())


def _has_personal_target(profile: DatasetManifest, target: str) -> bool:
    return any(each.personal for each in profile.schema_.columns if each.name == target)


def _sample(task: TrainingTask, paths: Paths) -> Sample:
    labels = pl.read_parquet(paths.at(layout.LABELS_FILE))
    groups = labels[GROUP].to_numpy() if GROUP in labels.columns else None
    return Sample(labels[task.question.target], groups)


def _trainer(task: TrainingTask) -> str:
    estimator, container = task.trainer.estimator, task.trainer.container
    return estimator.import_ if estimator else container.image if container else ""


def _predictions(paths: Paths, store: Store) -> str:
    path = paths.at(layout.PREDICTIONS_FILE)
    check_regular(path, limit_bytes=_PREDICTIONS_LIMIT_BYTES)
    return store.put_blob(path)


def _gate(found: Verdict) -> JudgedGate:
    return JudgedGate(name=found.name, verdict=found.verdict, message=found.message)


def _champion(
    champion: Champion | None, judgement: Judgement, found: Predictions
) -> ComparedChampion | None:
    """Return the champion that was compared with, and by how much the model is better."""
    if champion is None:
        return None
    better = judgement.better
    return ComparedChampion(
        manifest=champion.manifest,
        digest=champion.digest,
        run=champion.run,
        better=gates.measured("better", better) if better else None,
        error=found.champion_error,
    )
