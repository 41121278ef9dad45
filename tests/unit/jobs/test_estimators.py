"""Each estimator either has a compiled form with the same predictions, or is refused at once."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.contract import model_json
from plumbline.jobs.compiling import answers
from plumbline.jobs.training import safe
from plumbline.jobs.training.estimators import make_estimator
from plumbline.serving import engines
from plumbline.serving.predictor import check_sample

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods

PROVE = pytest.mark.prove
HGB = runs.HGB
LOGISTIC = "sklearn.linear_model.LogisticRegression"
FOREST = "sklearn.ensemble.RandomForestClassifier"


def profiled(pod: Pods, frame: pl.DataFrame, *, time: str | None = None) -> str:
    """Make a revision of a table with target `y`."""
    kinds = {pl.String: "string", pl.Boolean: "boolean", pl.Float64: "number", pl.Int64: "integer"}
    columns = [
        {"name": name, "type": kinds[type(dtype)], "nullable": name != "y"}
        for name, dtype in frame.schema.items()
    ]
    pod.upload("1.parquet", frame)
    ended, _ = pod.profile(
        {"columns": columns, "timeColumn": time},
        source={"uri": "s3://raw/*.parquet"},
        format="parquet",
        question={"task": "Classification", "target": "y"},
    )
    assert ended.words["verdict"] == "Valid", ended
    return str(ended.words["digest"])


NOT_SERVED: dict[str, tuple[dict[str, Any], str]] = {
    "sklearn.naive_bayes.GaussianNB": ({}, "it does not support GaussianNB."),
    "sklearn.neighbors.KNeighborsClassifier": ({}, "it does not support KNeighborsClassifier."),
    "sklearn.neural_network.MLPClassifier": ({}, "it does not support MLPClassifier."),
    "sklearn.svm.SVC": ({"probability": "true"}, "it does not support SVC."),
    "sklearn.ensemble.AdaBoostClassifier": ({}, "it does not support AdaBoostClassifier."),
    "sklearn.linear_model.RidgeClassifier": ({}, "predict_proba"),
    "sklearn.linear_model.SGDClassifier": ({"loss": "modified_huber"}, "Use log_loss"),
    "sklearn.ensemble.GradientBoostingClassifier": ({"loss": "exponential"}, "Use log_loss"),
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": ({}, "does not support"),
}


@pytest.mark.parametrize("path", NOT_SERVED)
def test_a_model_that_can_never_be_served_is_not_trained_for_hours(
    pod: Pods, dataset: str, path: str
) -> None:
    params, words = NOT_SERVED[path]
    ended = runs.trained(pod, runs.run_task(dataset, pod, path, params=params))
    assert (ended.code, ended.reason) == (64, "NotCompilable")
    assert words in ended.message
    assert not pod.path("/model/model.skops").exists()


@pytest.mark.parametrize("name", ["TweedieRegressor", "RANSACRegressor", "GammaRegressor"])
def test_a_regressor_that_is_only_linear_at_heart(pod: Pods, name: str) -> None:
    pod.upload("1.csv", runs.rows())
    task = runs.run_task(runs.revision(pod, "delay"), pod, f"sklearn.linear_model.{name}")
    ended = runs.trained(pod, task)
    assert (ended.code, ended.reason) == (64, "NotCompilable")


SERVED: dict[str, dict[str, Any]] = {
    HGB: {"max_iter": 10, "max_bins": 16},
    FOREST: {"n_estimators": 5, "n_jobs": -1, "class_weight": "balanced", "random_state": 7},
    LOGISTIC: {"class_weight": "balanced"},
    "sklearn.ensemble.GradientBoostingClassifier": {"n_estimators": 5, "init": "zero"},
    "sklearn.tree.ExtraTreeClassifier": {},
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": {},
}


def hostile(frame: pl.DataFrame, features: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows with gaps, unseen categories and numbers that nobody has seen."""
    random, rows = np.random.default_rng(0), frame.head(300).to_dicts()
    far = [0.0, -0.0, 1e-300, 1e9, -1e9, 1e20, -3e38, 1e15 + 0.5]
    for row in rows:
        for feature in features:
            chance, name = random.random(), feature["name"]
            if chance < 0.15:
                row[name] = None
            elif chance < 0.3 and feature["type"] == "number":
                row[name] = random.choice(far)
            elif chance < 0.3 and feature["type"] == "category":
                row[name] = random.choice(["never", "", "nan", "None", "ü"])
    kinds = {"category": pl.String, "boolean": pl.Boolean, "number": pl.Float64}
    return pl.DataFrame(
        rows, {each["name"]: kinds[each["type"]] for each in features}, strict=False
    )


def served(pod: Pods, manifest: dict[str, Any]) -> engines.Model:
    """Fetch the compiled model as a serving pod does."""
    folder = pod.path("/served")
    folder.mkdir(exist_ok=True)
    for file in manifest["model"]["files"]:
        pod.store.download_blob(file["blob"], folder / file["path"])
    model = engines.load(folder)
    check_sample(model)
    return model


def difference(pod: Pods, manifest: dict[str, Any], frame: pl.DataFrame) -> float:
    """Return by how much the served answers to hostile rows differ from the estimator's own."""
    features = [model_json.wire(each) for each in served(pod, manifest).content.features]
    rows = hostile(frame, features)
    fitted = safe.load(pod.path("/model/model.skops"))
    wanted = answers.of_fitted(fitted, rows, features)
    return answers.difference(wanted, answers.of_compiled(pod.path("/served"), rows, features))


@pytest.mark.parametrize("path", SERVED)
def test_gaps_unseen_categories_and_extremes_are_answered_as_by_the_estimator(
    pod: Pods, path: str
) -> None:
    frame = runs.rows(800).with_columns(
        y=pl.Series(np.where(runs.rows(800)["delay"] > 4, "much", "some")),
        mute=pl.lit(None, pl.Float64),
        same=pl.lit(7.5),
        huge=pl.int_range(800) * 2**52 + 1,
    )
    dataset = profiled(pod, frame.drop("id", "late", "delay"))
    task = runs.run_task(dataset, pod, path, params=SERVED[path], features=[])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert difference(pod, manifest, frame) <= 1e-9


@pytest.mark.parametrize("path", [HGB, LOGISTIC, FOREST, list(SERVED)[-1]])
def test_many_classes_are_answered_as_by_the_estimator(pod: Pods, path: str) -> None:
    frame = runs.rows(900).with_columns(y=pl.col("hour") // 6 + 1)
    dataset = profiled(pod, frame.select("temp", "carrier", "delay", "y"))
    params = {FOREST: {"n_estimators": 5}, HGB: {"max_iter": 5}}.get(path, {})
    task = runs.run_task(dataset, pod, path, params=params, features=[])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert served(pod, manifest).content.classes == [1, 2, 3, 4]
    assert difference(pod, manifest, frame) <= 1e-9


def with_users(count: int, users: int) -> pl.DataFrame:
    """Return rows with a column of very many categories, some of them commoner than others."""
    random = np.random.default_rng(3)
    place = (random.random(count) ** 3 * users).astype(int)
    user = pl.Series("user", [None if n % 50 == 0 else f"u{n}" for n in place])
    return pl.DataFrame({"x": random.normal(size=count), "user": user, "y": place % 2 == 0})


@pytest.mark.parametrize("path", [LOGISTIC, HGB, pytest.param(FOREST, marks=PROVE)])
def test_thousands_of_categories_neither_fill_the_memory_nor_differ(pod: Pods, path: str) -> None:
    frame = with_users(6000, 3000)
    task = runs.run_task(profiled(pod, frame), pod, path, features=[])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert difference(pod, manifest, frame) <= 1e-9
    auc = next(metric for metric in manifest["metrics"] if metric["name"] == "auc")
    assert auc["value"] > 0.55
    if path == LOGISTIC:
        assert safe.load(pod.path("/model/model.skops")).steps[-1][1].coef_.shape == (1, 256)


def test_fewer_bins_than_categories_are_no_reason_to_fail(pod: Pods) -> None:
    frame = with_users(1000, 100)
    params = {"max_iter": 5, "max_bins": 16}
    ended = runs.trained(pod, runs.run_task(profiled(pod, frame), pod, params=params, features=[]))
    assert ended.code == 0, ended


@pytest.mark.parametrize("weights", ['{"false": 1, "true": 5}', '{"False": 1, "True": 5}'])
def test_classes_are_weighed_by_their_names_in_yaml(pod: Pods, dataset: str, weights: str) -> None:
    params = {"max_iter": 5, "class_weight": weights}
    classes = [False, True]
    made = make_estimator(HGB, params, task="Classification", seed=0, classes=classes)
    assert made.class_weight == {False: 1, True: 5}
    assert runs.trained(pod, runs.run_task(dataset, pod, params=params)).code == 0


@pytest.mark.parametrize(
    ("path", "signs"),
    [
        (HGB, [0, 0, -1, 0]),
        (FOREST, {"hour": -1}),
        *(pytest.param(HGB, s, marks=PROVE) for s in ('{"hour": -1}', {"hour": -1})),
        *(pytest.param(FOREST, s, marks=PROVE) for s in ([0, 0, -1, 0], '{"hour": -1}')),
    ],
)
def test_a_model_that_may_only_fall_with_a_feature_falls_with_that_one(
    pod: Pods, dataset: str, path: str, signs: Any
) -> None:
    features = ["carrier", "temp", "hour", "holiday"]
    params = {"monotonic_cst": signs}
    ended, manifest = runs.whole_run(
        pod, runs.run_task(dataset, pod, path, params=params, features=features)
    )
    assert ended.words["verdict"] == "Passed", ended
    model = served(pod, manifest)
    for carrier in ("AA", "B6"):
        columns = {
            "carrier": np.array([carrier] * 24, dtype=object),
            "temp": np.full(24, 50.0),
            "hour": np.arange(24.0),
            "holiday": np.zeros(24),
        }
        assert (np.diff(model.predict(columns)[:, 1]) <= 1e-12).all()


@pytest.mark.parametrize("chosen", [["hour"], pytest.param([2], marks=PROVE), ["hour", "carrier"]])
def test_categories_are_those_features_that_the_user_names(
    pod: Pods, dataset: str, chosen: Any
) -> None:
    features = ["carrier", "temp", "hour", "holiday"]
    params = {"categorical_features": chosen, "max_iter": 10}
    task = runs.run_task(dataset, pod, HGB, params=params, features=features)
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    fitted = safe.load(pod.path("/model/model.skops")).steps[-1][1]
    assert fitted.is_categorical_.tolist() == ["carrier" in chosen, False, True, False]
    assert difference(pod, manifest, runs.rows(300)) <= 1e-9


def test_a_feature_to_constrain_that_is_none_is_said(pod: Pods, dataset: str) -> None:
    task = runs.run_task(dataset, pod, HGB, params={"monotonic_cst": {"wind": 1}})
    ended = runs.trained(pod, task)
    assert (ended.code, ended.reason) == (64, "EstimatorParamsInvalid")
    assert "wind, which is not a feature" in ended.message


def test_a_run_without_a_seed_of_its_own_is_reproducible_all_the_same(
    pod: Pods, dataset: str
) -> None:
    params = {"n_estimators": 3, "random_state": None}
    task = runs.run_task(dataset, pod, FOREST, params=params)
    digests = {runs.whole_run(pod, task)[1]["model"]["digest"] for _ in range(2)}
    assert len(digests) == 1


def test_an_estimator_around_another_one_is_refused_with_words(pod: Pods, dataset: str) -> None:
    path = "sklearn.semi_supervised.SelfTrainingClassifier"
    ended = runs.trained(pod, runs.run_task(dataset, pod, path))
    assert (ended.code, ended.reason) == (64, "EstimatorParamsInvalid")


def test_a_class_that_is_only_held_out_is_never_taken_for_another(pod: Pods) -> None:
    """With two classes, whatever is not the second would pass for the first."""
    count = 1000
    x = np.random.default_rng(1).normal(size=count)
    classes = np.where(x > 0, "b", "a").tolist()[:900] + ["new"] * 100
    frame = pl.DataFrame({"n": np.arange(count), "x": x, "y": classes})
    task = runs.run_task(profiled(pod, frame, time="n"), pod, LOGISTIC, features=["x"])
    ended, manifest = runs.whole_run(pod, task)
    metrics = {metric["name"]: metric["value"] for metric in manifest["metrics"]}
    assert set(metrics) == {"accuracy", "log_loss"}
    assert 0.45 < metrics["accuracy"] <= 0.5, ended
    gates = {"metrics": [{"metric": "auc", "min": 0.5}], "champion": None}
    assert runs.trained(pod, {**task, "gates": gates}).reason == "MetricNotApplicable"


def test_one_row_in_two_hundred_is_enough_to_be_judged_by(pod: Pods) -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=8000)
    chance = 1 / (1 + np.exp(6.5 - 1.5 * x))
    frame = pl.DataFrame({"x": x, "y": random.random(8000) < chance})
    assert 0.002 < float(frame["y"].mean() or 0) < 0.01
    task = runs.run_task(profiled(pod, frame), pod, LOGISTIC, features=[])
    _, manifest = runs.whole_run(pod, task)
    auc = next(metric for metric in manifest["metrics"] if metric["name"] == "auc")
    assert auc["low"] < auc["value"] < auc["high"]


def test_three_hundred_columns(pod: Pods) -> None:
    x = np.random.default_rng(4).normal(size=(400, 300))
    frame = pl.DataFrame({f"f {n}": x[:, n] for n in range(300)}).with_columns(y=x[:, 0] > 0)
    task = runs.run_task(profiled(pod, frame), pod, LOGISTIC, features=[])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert len(json.dumps(model_json.wire(served(pod, manifest).content))) < 1_000_000
