"""A model is judged by what it answers, and nothing that it left is believed."""

import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.jobs.training import safe

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods
from tests.unit.jobs.runs import HGB

CLASSIFIERS: dict[str, dict[str, Any]] = {
    HGB: {"max_iter": 20},
    "sklearn.ensemble.RandomForestClassifier": {"n_estimators": 10, "max_depth": 6},
    "sklearn.ensemble.ExtraTreesClassifier": {"n_estimators": 10, "max_depth": 6},
    "sklearn.ensemble.GradientBoostingClassifier": {"n_estimators": 10},
    "sklearn.tree.DecisionTreeClassifier": {"max_depth": 5},
    "sklearn.linear_model.LogisticRegression": {},
    "sklearn.linear_model.SGDClassifier": {"loss": "log_loss"},
}
FOREST = "sklearn.ensemble.RandomForestClassifier"
Task = dict[str, Any]
REGRESSORS: dict[str, dict[str, Any]] = {
    "sklearn.ensemble.HistGradientBoostingRegressor": {"max_iter": 20},
    "sklearn.ensemble.RandomForestRegressor": {"n_estimators": 10, "max_depth": 6},
    "sklearn.tree.DecisionTreeRegressor": {"max_depth": 5},
    "sklearn.linear_model.LinearRegression": {},
    "sklearn.linear_model.Ridge": {"alpha": "0.5"},
    "sklearn.linear_model.Lasso": {"alpha": "0.1"},
    "sklearn.linear_model.ElasticNet": {"alpha": "0.1"},
    "sklearn.linear_model.HuberRegressor": {},
}


def bars(*metrics: dict[str, Any], champion: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"metrics": list(metrics), "champion": champion}


@pytest.mark.parametrize("path", CLASSIFIERS)
def test_every_classifier_is_compiled_to_the_same_answers(
    pod: Pods, dataset: str, path: str
) -> None:
    task = runs.run_task(dataset, pod, path, params=CLASSIFIERS[path])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert manifest["maxDifference"] <= 1e-9
    assert {m["name"]: m["value"] for m in manifest["metrics"]}["auc"] > 0.7


@pytest.mark.parametrize("path", REGRESSORS)
def test_every_regressor_is_compiled_to_the_same_answers(pod: Pods, path: str) -> None:
    pod.upload("1.csv", runs.rows())
    dataset = runs.revision(pod, "delay")
    task = runs.run_task(dataset, pod, path, params=REGRESSORS[path])
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    assert manifest["maxDifference"] <= 1e-9
    assert {m["name"]: m["value"] for m in manifest["metrics"]}["r2"] > 0.5


def test_the_manifest_says_all_that_is_needed_to_serve_and_to_trace(
    pod: Pods, dataset: str
) -> None:
    task = runs.run_task(dataset, pod, params={"max_iter": 5})
    ended, manifest = runs.whole_run(pod, task)
    assert ended.words["uid"] == runs.RUN_UID
    assert [file["path"] for file in manifest["model"]["files"]] == ["model.json", "trees.bin"]
    assert manifest["dataset"]["manifest"] == dataset
    assert manifest["features"] == runs.FEATURES
    card = pod.store.get_blob(manifest["report"], limit_bytes=10**6).decode()
    assert "# late-1: Passed" in card
    assert "| auc |" in card
    blob = manifest["model"]["files"][0]["blob"]
    model = json.loads(pod.store.get_blob(blob, limit_bytes=10**7))
    assert model["classes"] == [False, True]
    assert {each["name"] for each in model["reference"]["columns"]} == {
        *runs.FEATURES,
        "__prediction",
    }
    assert len(model["sample"]["inputs"]) == len(model["sample"]["outputs"]) == 20


def test_a_bound_decides_and_not_the_estimate(pod: Pods, dataset: str) -> None:
    task = runs.run_task(dataset, pod, params={"max_iter": 20})
    _, manifest = runs.whole_run(pod, task)
    auc = next(m for m in manifest["metrics"] if m["name"] == "auc")
    verdicts = []
    for limit in (auc["low"] - 0.01, auc["value"], auc["high"] + 0.01):
        task["gates"] = bars({"metric": "auc", "min": limit})
        ended, judged = runs.whole_run(pod, task)
        verdicts.append((ended.words["verdict"], ended.reason))
        assert judged["gates"][0]["verdict"] == ended.words["verdict"]
    assert verdicts == [
        ("Passed", ""),
        ("Inconclusive", "GateInconclusive"),
        ("Failed", "GateFailed"),
    ]


def test_the_champion_is_judged_on_the_same_rows(pod: Pods, dataset: str) -> None:
    weak = runs.run_task(dataset, pod, params={"max_iter": 1, "max_leaf_nodes": 2})
    strong = runs.run_task(dataset, pod, params={"max_iter": 50})
    gate = bars(champion={"deploymentRef": {"name": "x"}, "metric": "auc", "margin": 0.01})
    first, _ = runs.whole_run(pod, {**weak, "gates": gate})
    assert first.words["verdict"] == "Passed"
    champion = {"manifest": first.words["digest"], "digest": "", "run": "late-0"}
    better, manifest = runs.whole_run(pod, {**strong, "gates": gate}, champion)
    assert better.words["verdict"] == "Passed"
    assert manifest["champion"]["manifest"] == champion["manifest"]
    assert manifest["champion"]["better"]["low"] > 0
    champion["manifest"] = better.words["digest"]
    worse, _ = runs.whole_run(pod, {**weak, "gates": gate}, champion)
    assert (worse.words["verdict"], worse.reason) == ("Failed", "GateFailed")
    assert "auc gain over the champion is -0." in worse.message


def test_a_champion_whose_column_is_gone_is_not_beaten_by_default(pod: Pods, dataset: str) -> None:
    task = runs.run_task(dataset, pod, params={"max_iter": 5})
    first, _ = runs.whole_run(pod, task)
    columns = [c for c in runs.SCHEMA["columns"] if c["name"] != "holiday"]
    ended, _ = pod.profile(
        {**runs.SCHEMA, "columns": columns}, question=runs.question(), previous=dataset
    )
    task = runs.run_task(ended.words["digest"], pod, features=["temp", "hour"])
    task["gates"] = bars(champion={"deploymentRef": {"name": "x"}, "metric": "auc"})
    champion = {"manifest": first.words["digest"], "digest": "", "run": "late-0"}
    judged, _ = runs.whole_run(pod, task, champion)
    assert judged.words["verdict"] == "Inconclusive"
    assert "column holiday, which the data no longer has" in judged.message


def test_a_champion_whose_column_is_of_another_type_now_is_not_beaten_by_default(
    pod: Pods, dataset: str
) -> None:
    first, _ = runs.whole_run(pod, runs.run_task(dataset, pod, params={"max_iter": 5}))
    pod.upload("1.csv", runs.rows().with_columns(hour=pl.format("{}h", "hour")))
    columns = [
        {"name": "hour", "type": "string"} if c["name"] == "hour" else c
        for c in runs.SCHEMA["columns"]
    ]
    ended, _ = pod.profile({**runs.SCHEMA, "columns": columns}, question=runs.question())
    task = runs.run_task(ended.words["digest"], pod, params={"max_iter": 5})
    task["gates"] = bars(champion={"deploymentRef": {"name": "x"}, "metric": "auc"})
    champion = {"manifest": first.words["digest"], "digest": "", "run": "late-0"}
    judged, _ = runs.whole_run(pod, task, champion)
    assert (judged.code, judged.words["verdict"]) == (0, "Inconclusive")
    assert "the champion needs numbers in column hour, which is text now" in judged.message


def test_more_than_two_classes(pod: Pods) -> None:
    frame = runs.rows().with_columns(
        late=pl.when(pl.col("delay") > 10).then(pl.lit("very"))
        .when(pl.col("delay") > 0).then(pl.lit("some")).otherwise(pl.lit("no"))
    )  # fmt: skip
    pod.upload("1.csv", frame)
    columns = [*runs.SCHEMA["columns"][:-1], {"name": "late", "type": "string"}]
    ended, _ = pod.profile({**runs.SCHEMA, "columns": columns}, question=runs.question())
    for path in (
        "sklearn.ensemble.RandomForestClassifier",
        "sklearn.linear_model.LogisticRegression",
    ):
        task = runs.run_task(ended.words["digest"], pod, path)
        judged, manifest = runs.whole_run(pod, task)
        assert judged.words["verdict"] == "Passed"
        assert [m["name"] for m in manifest["metrics"]] == ["accuracy", "log_loss"]
    # Boosting leaves its softmax to the engine; without one it is refused, never served wrong.
    judged, manifest = runs.whole_run(pod, runs.run_task(ended.words["digest"], pod, HGB))
    assert judged.words.get("verdict") == "Passed" or judged.reason == "CompiledDiffers"


@pytest.mark.parametrize(
    "gates",
    [
        {"metrics": [{"metric": "auc", "min": 0.6}]},
        {"champion": {"deploymentRef": {"name": "x"}, "metric": "brier"}},
    ],
)
def test_a_metric_that_could_never_be_measured_is_refused_before_anything_trains(
    pod: Pods, gates: dict[str, Any]
) -> None:
    pod.upload("1.csv", runs.rows())
    ended, _ = pod.profile(runs.SCHEMA, question=runs.question("hour"))
    task = runs.run_task(ended.words["digest"], pod, FOREST, features=["temp", "carrier"])
    refused = runs.trained(pod, {**task, "gates": gates})
    assert (refused.code, refused.reason) == (64, "MetricNotApplicable")
    assert "needs 2 classes, and target hour has 24: use accuracy or log_loss" in refused.message
    assert not pod.path("/data/train.parquet").exists()


def _swap_model(pod: Pods, task: dict[str, Any], swap: Any) -> Any:
    """Let the user change the file of a trained model, and evaluate what was uploaded."""
    swap(pod.path("/model/model.skops"))
    return runs.judged(pod, task, runs.shipped(pod).words["digest"])


def test_a_model_file_of_no_bytes(pod: Pods, trained_task: Task) -> None:
    ended = _swap_model(pod, trained_task, lambda path: path.write_bytes(b""))
    assert (ended.code, ended.reason) == (64, "ModelUnreadable")


def test_a_model_file_that_is_none(pod: Pods, trained_task: Task) -> None:
    ended = _swap_model(pod, trained_task, lambda path: path.write_bytes(b"PK\x03\x04 not a zip"))
    assert (ended.code, ended.reason) == (64, "ModelUnreadable")


def test_a_folder_in_place_of_the_model(pod: Pods, trained_task: Task) -> None:
    def folder(path: Path) -> None:
        _folder(path)
        (path / "part").write_text("x")

    ended = _swap_model(pod, trained_task, folder)
    assert (ended.code, ended.reason) == (64, "FileNotRegular")
    assert "model.skops" in ended.message


def test_no_model_file(pod: Pods, trained_task: Task) -> None:
    ended = _swap_model(pod, trained_task, lambda path: path.unlink())
    assert (ended.code, ended.reason) == (64, "ModelMissing")


def test_a_model_with_a_type_that_is_not_on_our_list(pod: Pods, trained_task: Task) -> None:
    import fractions

    model = {"x": fractions.Fraction(1, 2)}
    ended = _swap_model(pod, trained_task, lambda path: safe.save(model, path))
    assert (ended.code, ended.reason) == (64, "ModelUntrusted")
    assert "fractions.Fraction" in ended.message


def _fitted(estimator: Any) -> Any:
    """Return a model that a container of the user made."""
    from sklearn.pipeline import make_pipeline

    return make_pipeline(estimator).fit(pl.DataFrame({"hour": [0.0, 1.0]}), [0, 1])


def test_a_model_without_a_compiled_form(pod: Pods, trained_task: Task) -> None:
    from sklearn.naive_bayes import GaussianNB

    ended = _swap_model(
        pod,
        {**trained_task, "features": ["hour"]},
        lambda path: safe.save(_fitted(GaussianNB()), path),
    )
    assert (ended.code, ended.reason) == (64, "NotCompilable")
    assert "it does not support GaussianNB. Use a linear model" in ended.message


def test_a_classifier_without_probabilities(pod: Pods, trained_task: Task) -> None:
    from sklearn.linear_model import RidgeClassifier

    ended = _swap_model(
        pod,
        {**trained_task, "features": ["hour"]},
        lambda path: safe.save(_fitted(RidgeClassifier()), path),
    )
    assert (ended.code, ended.reason) == (64, "NotCompilable")
    assert "predict_proba" in ended.message


def test_a_model_damaged_in_the_store(pod: Pods, trained_task: Task) -> None:
    training = runs.shipped(pod).words["digest"]
    blob = pod.store.get_manifest(training)["files"][0]["blob"].removeprefix("sha256:")
    pod.world.buckets["plumbline-team"][f"blobs/sha256/{blob[:2]}/{blob}"] += b"x"
    ended = runs.judged(pod, trained_task, training)
    assert (ended.code, ended.reason) == (64, "StoreDamaged")
    assert blob[:12] in ended.message


def test_what_predicts_never_sees_a_label(predicted: Pods) -> None:
    seen = {path.name: path for path in predicted.path("/features").glob("*.parquet")}
    assert seen.keys() == {"holdout.parquet", "sample.parquet"}
    assert [n for n, path in seen.items() if "late" in pl.read_parquet(path).columns] == []


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _scaled(path: Path) -> None:
    pl.read_parquet(path).with_columns(pl.all() * 2).write_parquet(path)


def _nan(path: Path) -> None:
    pl.read_parquet(path).with_columns(pl.all() * float("nan")).write_parquet(path)


LIES: dict[str, tuple[str, Any, str]] = {
    "a link": ("predictions.parquet", _link, "FileNotRegular"),
    "no file": ("predictions.parquet", Path.unlink, "FileMissing"),
    "another format": ("predictions.parquet", lambda p: p.write_text("x"), "PredictionsInvalid"),
    "no probabilities": ("predictions.parquet", _scaled, "PredictionsInvalid"),
    "no numbers": ("predictions.parquet", _nan, "PredictionsInvalid"),
    "too few rows": (
        "predictions.parquet",
        lambda p: pl.read_parquet(p).head(3).write_parquet(p),
        "PredictionsInvalid",
    ),
    "facts that are no JSON": ("predict.json", lambda p: p.write_text("{"), "PredictionsInvalid"),
    "a compiled model that is a link": ("compiled/trees.bin", _link, "FileNotRegular"),
    "a description that is a link": ("compiled/model.json", _link, "FileNotRegular"),
    "no description": ("compiled/model.json", Path.unlink, "FileMissing"),
    "another question": (
        "compiled/model.json",
        lambda p: p.write_text(p.read_text().replace('"target": "late"', '"target": "x"')),
        "CompiledInvalid",
    ),
    "another engine": (
        "compiled/model.json",
        lambda p: p.write_text(p.read_text().replace('"kind": "trees"', '"kind": "pickle"')),
        "CompiledInvalid",
    ),
}


def _facts(**changes: Any) -> tuple[str, Any, str]:
    def change(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return "predict.json", change, "PredictionsInvalid"


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _socket(path: Path) -> None:
    path.unlink()
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def _lists(path: Path) -> None:
    table = pl.read_parquet(path)
    table.select(pl.concat_list(name).alias(name) for name in table.columns).write_parquet(path)


def _deep(path: Path) -> None:
    path.write_text("[" * 500_000)


LIES |= {
    "no classes": _facts(classes=[]),
    "classes that are no words": _facts(classes=[{}, []]),
    "a champion of no classes": _facts(championClasses=[]),
    "a number as the champion's classes": _facts(championClasses=5),
    "a difference that is text": _facts(maxDifference="x"),
    "a difference that is no number": _facts(maxDifference=float("nan")),
    "a difference without end": _facts(maxDifference=10**400),
    "facts in a folder": ("predict.json", _folder, "FileNotRegular"),
    "facts from a socket": ("predict.json", _socket, "FileNotRegular"),
    "facts without a bottom": ("predict.json", _deep, "PredictionsInvalid"),
    "answers in a folder": ("predictions.parquet", _folder, "FileNotRegular"),
    "answers that are lists": ("predictions.parquet", _lists, "PredictionsInvalid"),
    "a description without a bottom": ("compiled/model.json", _deep, "CompiledInvalid"),
    "weights in a folder": ("compiled/trees.bin", _folder, "FileNotRegular"),
    "an engine that is a list": (
        "compiled/model.json",
        lambda p: p.write_text(p.read_text().replace('"kind": "trees"', '"kind": []')),
        "CompiledInvalid",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_the_judge_believes_nothing(predicted: Pods, lie: str) -> None:
    name, change, reason = LIES[lie]
    change(predicted.path(f"/predictions/{name}"))
    ended = predicted.run("judge")
    assert (ended.code, ended.reason) == (64, reason)


def test_a_table_at_which_the_reader_panics_is_a_lie_as_well(
    predicted: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.jobs.judging import predictions
    from polars.exceptions import PanicException

    def panic(_: Any) -> None:
        raise PanicException("range end index 8998 out of range")

    monkeypatch.setattr(predictions, "read_parquet", panic)
    ended = predicted.run("judge")
    assert (ended.code, ended.reason) == (64, "PredictionsInvalid")


def test_a_huge_file_is_not_read(predicted: Pods) -> None:
    with predicted.path("/predictions/predictions.parquet").open("r+b") as file:
        file.truncate(2 << 30)
    ended = predicted.run("judge")
    assert (ended.code, ended.reason) == (64, "FileTooLarge")


def test_a_manifest_cannot_write_outside_of_its_folder(pod: Pods, dataset: str) -> None:
    task = runs.run_task(dataset, pod)
    blob = pod.store.put_blob(b"x")
    files = [{"path": "../../etc/cron.d/x", "bytes": 1, "blob": blob}]
    training = {"kind": "Training", "run": task["run"], "dataset": task["dataset"], "files": files}
    ended = runs.judged(pod, task, pod.store.put_manifest(training))
    assert (ended.code, ended.reason) == (64, "PathInvalid")


def test_personal_values_are_not_in_the_sample(pod: Pods) -> None:
    pod.upload("1.csv", runs.rows())
    columns = [
        {**column, "personal": column["name"] == "temp"} for column in runs.SCHEMA["columns"]
    ]
    ended, _ = pod.profile({**runs.SCHEMA, "columns": columns}, question=runs.question())
    _, manifest = runs.whole_run(pod, runs.run_task(ended.words["digest"], pod))
    model = json.loads(pod.store.get_blob(manifest["model"]["files"][0]["blob"], limit_bytes=10**7))
    assert {row[0] for row in model["sample"]["inputs"]} == {0.0}
    assert "temp" not in {each["name"] for each in model["reference"]["columns"]}


def test_a_compiled_model_that_answers_otherwise_is_not_published(pod: Pods, dataset: str) -> None:
    from plumbline.jobs.compiling import proof
    from plumbline.jobs.compiling.compiled import Facts, compile_model
    from plumbline.jobs.failures import JobFailed

    task = runs.run_task(dataset, pod, "sklearn.linear_model.LogisticRegression")
    runs.trained(pod, task)
    model = safe.load(pod.path("/model/model.skops"))
    features = json.loads(pod.path("/data/task.json").read_text())["features"]
    folder = pod.path("/compiled")
    compile_model(model, features, Facts(task="Classification", target="late"), folder)
    frame = pl.read_parquet(pod.path("/data/train.parquet"))
    assert proof.prove_equal(model, features, [frame], folder) <= 1e-9
    model.steps[-1][1].coef_ += 1e-6 * np.ones_like(model.steps[-1][1].coef_)
    with pytest.raises(JobFailed, match="predictions of the compiled and the trained model differ"):
        proof.prove_equal(model, features, [frame], folder)
