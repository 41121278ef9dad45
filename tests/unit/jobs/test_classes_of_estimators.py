"""What the number of classes and of categories does to an estimator is known before its fit."""

import tracemalloc
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.contract.model_json import Description, Linear, OneHotInput
from plumbline.jobs.training.features import model_input
from plumbline.jobs.training.preprocess import make_pipeline
from plumbline.serving.engines.model import Model
from sklearn.linear_model import LogisticRegression

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Ended, Pods
from tests.unit.jobs.test_estimators import profiled

HGB, LINEAR = runs.HGB, "sklearn.linear_model."
BOOSTING = "sklearn.ensemble.GradientBoostingClassifier"


def of_classes(pod: Pods, path: str, classes: list[Any], params: dict[str, Any]) -> Ended:
    random = np.random.default_rng(0)
    frame = pl.DataFrame({"x": random.normal(size=len(classes)), "y": classes})
    task = runs.run_task(profiled(pod, frame), pod, path, params=params, features=["x"])
    return runs.trained(pod, task)


EARLY: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "histogram boosting above 10,000 rows": (HGB, {}, 14_000, "early_stopping to false"),
    "histogram boosting that is told to": (
        HGB, {"early_stopping": True}, 300, "early_stopping to false"
    ),
    "gradient boosting": (BOOSTING, {"n_iter_no_change": 3}, 300, "n_iter_no_change to null"),
    "gradient descent": (
        f"{LINEAR}SGDClassifier",
        {"early_stopping": True, "loss": "log_loss"},
        300,
        "early_stopping to false",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EARLY)
def test_a_class_of_one_row_is_named_before_early_stopping_meets_it(pod: Pods, case: str) -> None:
    path, params, rows, words = EARLY[case]
    classes = ["a"] * rows if "SGD" in path else ["a", "b"] * (rows // 2)
    for place in range(0, rows, rows // 100):
        ended = of_classes(pod, path, [*classes[:place], "z", *classes[place + 1 :]], params)
        if "z" in pl.read_parquet(pod.path("/data/train.parquet"))["y"].to_list():
            break
    assert (ended.code, ended.reason) == (64, "TrainingFailed"), ended
    assert 'Class "z" has only one row among the' in ended.message
    assert f"To go on, set {words} in trainer.estimator.params" in ended.message


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (f"{LINEAR}SGDClassifier", {"loss": "log_loss"}),
        (f"{LINEAR}LogisticRegression", {"solver": "liblinear"}),
    ],
)
def test_a_link_of_many_classes_that_no_engine_has_is_refused_before_the_fit(
    pod: Pods, path: str, params: dict[str, Any]
) -> None:
    ended = of_classes(pod, path, ["a", "b", "c"] * 100, params)
    assert (ended.code, ended.reason) == (64, "NotCompilable")
    assert "with more than two classes. Use LogisticRegression" in ended.message
    assert not pod.path("/model/model.skops").exists()


ROWS, VALUES, COLUMNS = 20_000, 250, 4
DENSE_BYTES = ROWS * VALUES * COLUMNS * 8


def texts() -> pl.DataFrame:
    random = np.random.default_rng(0)
    columns = {f"c{n}": random.integers(0, VALUES, ROWS) for n in range(COLUMNS)}
    return pl.DataFrame(columns).select(pl.all().cast(pl.String))


def test_many_categories_do_not_fill_the_memory_of_a_fit() -> None:
    frame = texts()
    features = [{"name": name, "type": "category"} for name in frame.columns]
    labels = np.random.default_rng(1).random(ROWS) < 0.5
    tracemalloc.start()
    inputs = model_input(frame, features)
    make_pipeline(LogisticRegression(max_iter=20), features, inputs).fit(inputs, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < DENSE_BYTES / 3


class Sums:
    """An engine whose prediction depends on each value of a row."""

    def predict(self, matrix: Any) -> Any:
        return (matrix @ np.arange(matrix.shape[1]))[:, None]


def test_many_categories_do_not_fill_the_memory_of_a_server() -> None:
    frame = texts()
    known = [str(value) for value in range(VALUES)]
    content = Description(
        format="", task="", target="", classes=None, features=[], engine=Linear(link="identity"),
        inputs=[OneHotInput(name, list(known)) for name in frame.columns],
    )  # fmt: skip
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    tracemalloc.start()
    found = Model(content, Sums()).predict(columns)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    places = [frame[name].cast(pl.Int64) + VALUES * n for n, name in enumerate(frame.columns)]
    assert found[:, 0].tolist() == sum(places[1:], places[0]).to_list()
    assert peak < DENSE_BYTES / 1.5
