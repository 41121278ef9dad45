"""What is known of a metric is known once: what the API accepts can be judged, or is refused."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.api import metrics
from plumbline.api.meta import Gate
from plumbline.api.metrics import METRICS, Metric
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.training_run import ChampionGate, Gates, TrainingFields
from plumbline.contract.manifests import read_or_none
from plumbline.contract.model_manifest import ModelResult
from plumbline.jobs.judging import gates, scores
from plumbline.jobs.judging.predictions import Predictions
from plumbline.jobs.judging.scores import Sample
from plumbline.plan.training.preconditions import of_template
from plumbline.stats import estimators
from plumbline.stats.estimators import Estimate, Floats
from plumbline.stats.intervals import Interval
from pydantic import ValidationError

from hack.generate import crd
from tests.unit.contract.test_manifests import written
from tests.unit.plan.builders import dataset

# Task, target and how the target is declared.
QUESTIONS: dict[str, tuple[str, str, Any]] = {
    "2 classes": ("Classification", "late", {"type": "boolean"}),
    "3 classes": ("Classification", "how", {"type": "string", "values": ["no", "some", "very"]}),
    "numbers": ("Regression", "delay", {"type": "number"}),
}
CLASSES = {"2 classes": [False, True], "3 classes": ["no", "some", "very"], "numbers": None}
# Which of them can be judged; before this table, auc and its like of 3 classes trained first.
JUDGED = {
    "auc": {"2 classes"},
    "accuracy": {"2 classes", "3 classes"},
    "f1": {"2 classes"},
    "precision": {"2 classes"},
    "recall": {"2 classes"},
    "brier": {"2 classes"},
    "log_loss": {"2 classes", "3 classes"},
    "mae": {"numbers"},
    "rmse": {"numbers"},
    "r2": {"numbers"},
}


def data(question: str, **declared: Any) -> Dataset:
    """Return a Dataset that asks this question."""
    task, target, column = QUESTIONS[question]
    columns = [{"name": "temp", "type": "number"}, {"name": target, **(declared or column)}]
    spec = dataset(schema={"columns": columns}, question={"task": task, "target": target})
    return Dataset.model_validate(spec)


def fields(metric: str) -> TrainingFields:
    return asking(Gates(metrics=[Gate(metric=metric, min=0.5)]))


def asking(asked: Gates) -> TrainingFields:
    trainer = {"estimator": {"import": "sklearn.linear_model.LogisticRegression"}}
    return TrainingFields(dataset_ref={"name": "flights"}, trainer=trainer, gates=asked)


def answered(question: str, rows: int = 400) -> tuple[Sample, Predictions]:
    """Return held-out labels and a model's and a champion's answers to them."""
    random, classes = np.random.default_rng(0), CLASSES[question]
    if classes is None:
        truth = random.normal(size=rows)
        matrix = (truth + random.normal(size=rows))[:, None]
    else:
        places = random.integers(0, len(classes), rows)
        odds = random.random((rows, len(classes))) + np.eye(len(classes))[places]
        truth, matrix = [classes[n] for n in places], odds / odds.sum(axis=1, keepdims=True)
    found = Predictions(matrix, classes, matrix, classes, "", 0.0)
    return Sample(pl.Series(truth), None), found


def test_every_metric_has_a_function_and_every_function_a_metric() -> None:
    assert set(estimators.ESTIMATORS) == set(METRICS)


def test_metrics_of_any_number_of_classes_have_a_way_to_look_at_many() -> None:
    many = [each for each in METRICS.values() if each.fits("Classification", 3)]
    assert {each.of_many for each in many} == set(scores.OF_MANY)
    assert not [each.name for each in METRICS.values() if each.of_many and each not in many]


def test_the_table_is_about_every_metric() -> None:
    assert set(JUDGED) == set(METRICS)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_is_judged_or_refused_before_anything_trains(metric: str, question: str) -> None:
    found = of_template(fields(metric), data(question))
    assert found.reason == ("SpecValid" if question in JUDGED[metric] else "MetricNotApplicable")
    sample, answers = answered(question)
    measured = scores.measure(metric, sample, answers)
    assert isinstance(measured, Interval) == (question in JUDGED[metric])
    better = scores.compared(metric, sample, answers, confidence=0.95)
    assert isinstance(better, scores.Comparison) == (question in JUDGED[metric])


def test_a_refusal_says_what_to_use_instead() -> None:
    found = of_template(fields("auc"), data("3 classes"))
    assert "target how has 3: use accuracy or log_loss" in found.message


def test_classes_that_only_the_data_knows_are_left_to_the_step_that_reads_it() -> None:
    assert of_template(fields("auc"), data("3 classes", type="string")).reason == "SpecValid"


def test_a_metric_that_was_not_foreseen_ends_the_judgement_with_what_fits() -> None:
    sample, found = answered("3 classes")
    asked = Gates(metrics=[Gate(metric="auc", min=0.5)])
    judgement = gates.judge(asked, None, sample, found)
    assert judgement.verdict == "Failed"
    assert "a target with 3 classes; use accuracy or log_loss" in judgement.message


@pytest.mark.parametrize("metric", METRICS)
def test_a_metrics_range_holds_its_values_and_bounds(metric: str) -> None:
    (question, *_) = JUDGED[metric]
    measured = scores.measure(metric, *answered(question))
    assert isinstance(measured, Interval)
    told = gates.measured(metric, replace(measured, low=-math.inf, high=math.inf))
    facts = METRICS[metric]
    assert facts.low <= measured.value <= facts.high
    assert (told.low, told.high) == (max(facts.low, -1e300), min(facts.high, 1e300))


def test_champions_are_compared_by_metrics_that_can() -> None:
    ref = {"name": "flights"}
    for name, facts in METRICS.items():
        if facts.compares:
            assert ChampionGate(deployment_ref=ref, metric=name).metric == name
        else:
            with pytest.raises(ValidationError, match="use one of auc, accuracy"):
                ChampionGate(deployment_ref=ref, metric=name)
    with pytest.raises(ValidationError, match="'odd' is not a metric"):
        Gate(metric="odd", min=0.5)


def specificity(y: Floats, p: Floats) -> Estimate:
    """Return the share of the negative rows that are called negative."""
    return estimators._share_among((p <= 0.5) * (1 - y), 1 - y, "specificity")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> str:
    """Add a metric in the two lines that it takes."""
    monkeypatch.setitem(METRICS, "specificity", Metric(name="specificity", high=1.0))
    monkeypatch.setitem(estimators.ESTIMATORS, "specificity", specificity)
    return "specificity"


def test_a_new_metric_goes_from_the_crd_to_the_judges_verdict_in_two_lines(added: str) -> None:
    enums = _enums(crd.definitions())
    assert [added in each for each in enums if "auc" in each] == [True] * 5
    asked = Gates(
        metrics=[Gate(metric=added, min=0.5)],
        champion=ChampionGate(deployment_ref={"name": "flights"}, metric=added, margin=0.1),
    )
    assert of_template(asking(asked), data("2 classes")).reason == "SpecValid"
    assert of_template(asking(asked), data("3 classes")).reason == "MetricNotApplicable"
    assert added in metrics.fitting("Classification")
    sample, found = answered("2 classes")
    taken = scores.measured(sample, found)
    judgement = gates.judge(asked, _champion(), sample, found)
    assert [each.verdict for each in judgement.gates] == ["Passed", "Passed"]
    told = gates.measured(added, taken[added])
    assert 0.5 < told.low <= told.value <= told.high <= 1.0
    content = {**written("model"), "metrics": [told.wire]}
    result = read_or_none(ModelResult, content)
    assert result is not None
    assert [each.name for each in result.metrics] == [added]


def _champion() -> Any:
    from plumbline.contract.tasks import Champion

    return Champion(manifest="sha256:1")


def _enums(value: Any) -> list[list[str]]:
    """Return every enum in a schema."""
    if isinstance(value, list):
        return [found for each in value for found in _enums(each)]
    if not isinstance(value, dict):
        return []
    own = [value["enum"]] if isinstance(value.get("enum"), list) else []
    return own + [found for each in value.values() for found in _enums(each)]
