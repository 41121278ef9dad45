"""Classes that a model writes otherwise than its target are an error, not a bad model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.contract.model_json import Description, Linear
from plumbline.jobs.training import safe
from plumbline.serving.protocol import metadata
from sklearn.linear_model import LogisticRegression

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Ended, Pods
from tests.unit.jobs.test_estimators import profiled

TARGETS: dict[str, list[Any]] = {
    "boolean": [False, True],
    "integer": [0, 1],
    "number": [0.0, 1.0],
    "string": ["no", "yes"],
    "texts of numbers": ["0", "1"],
}
ENCODED: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda labels: labels,
    "as integers": lambda labels: _codes(labels).astype(np.int64),
    "as floats": lambda labels: _codes(labels).astype(np.float64),
    "as booleans": lambda labels: _codes(labels).astype(bool),
    "as words": lambda labels: np.where(_codes(labels) == 1, "one", "zero"),
}
SAME = {
    *((target, "as it is") for target in TARGETS),
    *(
        (target, code)
        for target in ("integer", "number", "texts of numbers")
        for code in ("as integers", "as floats")
    ),
    ("boolean", "as booleans"),
}


def _codes(labels: Any) -> Any:
    return np.unique(labels, return_inverse=True)[1]


def own_run(pod: Pods, target: str, encode: Callable[[Any], Any]) -> tuple[Ended, Any]:
    x = np.random.default_rng(0).normal(size=400)
    values = TARGETS[target]
    frame = pl.DataFrame({"x": x, "y": [values[int(each > 0)] for each in x]})
    task = runs.run_task(profiled(pod, frame), pod, features=["x"], params={"max_iter": 2})
    assert runs.trained(pod, task).code == 0
    given = pl.read_parquet(pod.path("/data/train.parquet"))
    model = LogisticRegression().fit(given.select("x"), encode(given["y"].to_numpy()))
    safe.save(model, pod.path("/model/model.skops"))
    ended = runs.judged(pod, task, runs.shipped(pod).words["digest"])
    digest = ended.words.get("digest")
    return ended, pod.store.get_manifest(digest) if digest else {}


@pytest.mark.parametrize("code", ENCODED)
@pytest.mark.parametrize("target", TARGETS)
def test_classes_are_the_values_of_the_target_or_an_error(
    pod: Pods, target: str, code: str
) -> None:
    ended, manifest = own_run(pod, target, ENCODED[code])
    if (target, code) in SAME:
        assert ended.words["verdict"] == "Passed", ended
        assert {each["name"]: each["value"] for each in manifest["metrics"]}["auc"] > 0.99
    else:
        assert (ended.code, ended.reason) == (64, "ClassesDiffer"), ended


def test_the_error_names_both(pod: Pods) -> None:
    ended, _ = own_run(pod, "boolean", ENCODED["as integers"])
    assert ended.message == (
        "2 of 2 classes of the model are not values (0, 1) of target y, which has false, true. "
        "Fit the model on the column as it is in train.parquet."
    )


def test_report_and_manifest_say_the_order_of_the_classes(pod: Pods) -> None:
    _, manifest = own_run(pod, "string", ENCODED["as it is"])
    assert manifest["classes"] == ["no", "yes"]
    path = pod.root / "card.md"
    pod.store.download_blob(manifest["report"], path)
    line = (
        '- Classes, in the order of their probabilities: `"no"`, `"yes"`; positive class: `"yes"`'
    )
    assert line in path.read_text().splitlines()


@pytest.mark.parametrize(
    ("classes", "parameters"),
    [
        ([False, True], {"classes": [False, True], "positive_class": True}),
        (["a", "b", "c"], {"classes": ["a", "b", "c"]}),
        (None, None),
    ],
)
def test_metadata_of_the_server_says_the_order_of_the_classes(
    classes: list[Any] | None, parameters: Any
) -> None:
    content = Description(
        format="plumbline/1", task="", target="y", classes=classes, features=[], inputs=[],
        engine=Linear(link="identity"),
    )  # fmt: skip
    assert metadata("m", "1", content, {}).get("parameters") == parameters


def by_time(pod: Pods, target: str, late: Any) -> dict[str, Any]:
    """Return a run on rows of which the newest have a constant target."""
    frame = runs.rows(500).with_columns(
        pl.when(pl.col("id") < 300).then(target).otherwise(late).alias(target)
    )
    pod.upload("1.csv", frame)
    ended, _ = pod.profile(runs.SCHEMA, question=runs.question(target, by="Time", column="id"))
    assert ended.words["verdict"] == "Valid", ended
    kind = "Regressor" if target == "delay" else "Classifier"
    path = f"sklearn.ensemble.HistGradientBoosting{kind}"
    return runs.run_task(ended.words["digest"], pod, path, params={"max_iter": 3})


@pytest.mark.parametrize(
    ("target", "late", "metric"), [("delay", 0.1, "r2"), ("late", True, "auc")]
)
def test_a_gate_that_a_constant_target_leaves_nothing_to_measure_is_refused_before_the_training(
    pod: Pods, target: str, late: Any, metric: str
) -> None:
    task = by_time(pod, target, late)
    refused = runs.trained(pod, {**task, "gates": {"metrics": [{"metric": metric, "min": 0.1}]}})
    assert (refused.code, refused.reason) == (64, "MetricNotApplicable")
    assert refused.message == (
        f"gates.metrics: {metric} needs two values of target {target}, and the held-out rows have "
        "only one. Use another metric, or hold out other rows."
    )


@pytest.mark.parametrize("late", [5.0, 0.1])
def test_r2_of_a_constant_target_is_not_measured(pod: Pods, late: float) -> None:
    ended, manifest = runs.whole_run(pod, by_time(pod, "delay", late))
    assert ended.words["verdict"] == "Passed", ended
    assert {each["name"] for each in manifest["metrics"]} == {"mae", "rmse"}
