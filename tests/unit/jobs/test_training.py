"""Training must fail with the user's words, and never see a row that will judge it."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import polars as pl
import pytest
from plumbline.contract.layout import UPLOAD_READY

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods
from tests.unit.jobs.runs import HGB


def test_no_row_to_train_on_is_held_out(pod: Pods, dataset: str) -> None:
    pod.run("fetch-training", runs.run_task(dataset, pod, features=[*runs.FEATURES, "id"]))
    train = pl.read_parquet(pod.path("/data/train.parquet"))
    manifest = pod.store.get_manifest(dataset)
    path = pod.root / "part.parquet"
    pod.store.download_blob(manifest["parts"][0]["blob"], path)
    held = pl.read_parquet(path).filter(pl.col("__holdout"))
    assert held.height == manifest["holdout"]["rows"]
    assert 400 < held.height < 800
    assert train.height + held.height == 3000
    assert not set(train["id"]) & set(held["id"])


def test_the_same_rows_and_seed_make_the_same_model(pod: Pods, dataset: str) -> None:
    task = runs.run_task(dataset, pod, params={"max_iter": 10, "early_stopping": "true"})
    answers = []
    for name in ("a.csv", "b.csv"):
        pod.upload("1.csv", runs.rows()[:1000])
        pod.upload(name, runs.rows()[1000:])
        assert runs.trained(pod, task).code == 0
        answers.append(_probabilities(pod))
        task = runs.run_task(runs.revision(pod), pod, params=task["trainer"]["estimator"]["params"])
        pod.world.buckets["raw"].pop(name)
    assert answers[0] == answers[1]


def _probabilities(pod: Pods) -> list[float]:
    from plumbline.contract.tasks import DataTask
    from plumbline.jobs.task_file import read
    from plumbline.jobs.training import safe
    from plumbline.jobs.training.features import model_input

    task = read(pod.path("/data/task.json"), DataTask)
    model = safe.load(pod.path("/model/model.skops"))
    frame = runs.rows(200, seed=5)
    found: list[float] = model.predict_proba(model_input(frame, task.features))[:, 1].tolist()
    return found


def test_all_columns_but_target_times_and_keys_are_features_when_none_is_named(
    pod: Pods, dataset: str
) -> None:
    pod.run("fetch-training", runs.run_task(dataset, pod, features=[]))
    task = json.loads(pod.path("/data/task.json").read_text())
    assert [each["name"] for each in task["features"]] == [*runs.FEATURES, "delay"]


TROUBLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an estimator that does not import": (
        {"path": "sklearn.ensemble.NoSuchForest"},
        "EstimatorNotFound",
        "has no class NoSuchForest",
    ),
    "a module that does not exist": (
        {"path": "sklearn.forests.Forest"},
        "EstimatorNotFound",
        "module sklearn.forests cannot be imported",
    ),
    "a package whose models cannot be served": (
        {"path": "lightgbm.LGBMClassifier"},
        "EstimatorNotAllowed",
        "Use a linear model or a tree ensemble of scikit-learn",
    ),
    "a module that is not trusted": (
        {"path": "os.system"},
        "EstimatorNotAllowed",
        "trainer.container",
    ),
    "a function instead of a class": (
        {"path": "sklearn.model_selection.train_test_split"},
        "EstimatorInvalid",
        "not a class with fit and predict",
    ),
    "a regressor for classes": (
        {"path": "sklearn.linear_model.LinearRegression"},
        "EstimatorInvalid",
        "not a classifier",
    ),
    "a parameter that it does not have": (
        {"params": {"learning_rat": "0.1"}},
        "EstimatorParamsInvalid",
        "no parameter learning_rat. Use one of",
    ),
    "a parameter with a value that it refuses": (
        {"params": {"learning_rate": "-1"}},
        "EstimatorParamsInvalid",
        "learning_rate",
    ),
    "a parameter of another type": (
        {"params": {"max_iter": "many"}},
        "EstimatorParamsInvalid",
        "'max_iter' parameter of HistGradientBoostingClassifier must be an int",
    ),
    "a class to weigh that the target does not have": (
        {"params": {"class_weight": '{"maybe": 2}'}},
        "TrainingFailed",
        "class_weight",
    ),
    "an estimator made of others": (
        {"path": "sklearn.pipeline.Pipeline"},
        "EstimatorParamsInvalid",
        "needs parameters that are not in trainer.estimator.params: 'steps'",
    ),
    "a feature that the data does not have": (
        {"features": ["temp", "wind"]},
        "FeatureMissing",
        "Feature wind of spec.features is not a column",
    ),
    "the target as a feature": ({"features": ["late"]}, "FeatureIsTarget", "Leave it out"),
}


def test_a_revision_that_is_not_valid_says_how_to_read_it_again(pod: Pods) -> None:
    pod.upload("1.csv", "a\nx\n")
    question = {"task": "Regression", "target": "a"}
    schema = {"columns": [{"name": "a", "type": "integer", "nullable": True}]}
    broken, _ = pod.profile(schema, question=question)
    ended = pod.run("fetch-training", runs.run_task(broken.words["digest"], pod))
    assert (ended.code, ended.reason) == (64, "RevisionUnreadable")
    assert "plumbline.dev/refresh=$(date +%s) --overwrite" in ended.message


@pytest.mark.parametrize("case", TROUBLES)
def test_a_mistake_in_the_run_is_said(pod: Pods, dataset: str, case: str) -> None:
    changes, reason, words = TROUBLES[case]
    ended = runs.trained(pod, runs.run_task(dataset, pod, **changes))
    assert (ended.code, ended.reason) == (64, reason)
    assert words in ended.message


def test_a_damaged_part_is_found_before_training(pod: Pods, dataset: str) -> None:
    name = pod.store.get_manifest(dataset)["parts"][0]["blob"].removeprefix("sha256:")
    pod.world.buckets["plumbline-team"][f"blobs/sha256/{name[:2]}/{name}"] = b"rot"
    ended = runs.trained(pod, runs.run_task(dataset, pod))
    assert (ended.code, ended.reason) == (64, "StoreDamaged")


@pytest.mark.usefixtures("trained_task")
def test_a_target_that_is_constant_where_models_may_look(pod: Pods) -> None:
    path = pod.path("/data/train.parquet")
    pl.read_parquet(path).with_columns(late=pl.lit(True)).write_parquet(path)
    ended = pod.run("train")
    assert (ended.code, ended.reason) == (64, "TargetConstant")


@pytest.mark.parametrize(
    "path",
    [
        HGB,
        "sklearn.ensemble.RandomForestClassifier",
        "sklearn.linear_model.LogisticRegression",
    ],
)
def test_a_column_without_any_value_can_be_trained_with(pod: Pods, path: str) -> None:
    pod.upload("1.csv", runs.rows().with_columns(temp=None, carrier=None))
    task = runs.run_task(runs.revision(pod), pod, path)
    assert runs.trained(pod, task).code == 0


@pytest.mark.usefixtures("trained_task")
def test_what_training_left_is_shipped_and_named(pod: Pods) -> None:
    pod.patch.setenv("PLUMBLINE_JOB_UID", "train-job")
    ended = runs.shipped(pod)
    manifest = pod.store.get_manifest(ended.words["digest"])
    assert [file["path"] for file in manifest["files"]] == ["model.skops", "training.json"]
    assert manifest["run"]["uid"] == runs.RUN_UID
    assert pod.store.get_pointer("train-job") == ended.words["digest"]
    model = pod.store.get_blob(manifest["files"][0]["blob"], limit_bytes=10**8)
    assert model == pod.path("/model/model.skops").read_bytes()


@pytest.mark.usefixtures("trained_task")
def test_what_a_training_left_that_died_is_not_taken_for_that_of_its_second_try(
    pod: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_JOB_UID", "train-job")
    model = pod.path("/model/model.skops").read_bytes()
    pod.path("/model/model.skops").write_bytes(model[:100])
    torn = runs.shipped(pod).words["digest"]
    pod.path("/model/model.skops").write_bytes(model)
    whole = runs.shipped(pod).words["digest"]
    assert whole != torn
    assert pod.store.last_pointer("train-job") == whole


def test_training_that_left_nothing_is_said(pod: Pods, dataset: str) -> None:
    runs.trained(pod, runs.run_task(dataset, pod, params={"learning_rat": "1"}))
    ended = runs.shipped(pod)
    assert (ended.code, ended.reason) == (64, "ModelMissing")


@pytest.mark.usefixtures("trained_task")
def test_a_link_in_place_of_the_model_is_not_shipped(pod: Pods) -> None:
    path = pod.path("/model/model.skops")
    path.unlink()
    path.symlink_to("/etc/passwd")
    ended = runs.shipped(pod)
    assert (ended.code, ended.reason) == (64, "ModelNotRegular")
    assert "model.skops" in ended.message


@pytest.mark.usefixtures("trained_task")
def test_a_pipe_in_place_of_the_model_does_not_hang(pod: Pods) -> None:
    path = pod.path("/model/model.skops")
    path.unlink()
    os.mkfifo(path)
    assert runs.shipped(pod).reason == "ModelNotRegular"


@pytest.mark.usefixtures("trained_task")
@pytest.mark.parametrize("make", [lambda path: open(path, "wb").close(), os.mkfifo])
def test_a_name_that_is_no_text_is_said(pod: Pods, make: Any) -> None:
    make(os.fsencode(pod.path("/model")) + b"/\xff")
    ended = runs.shipped(pod)
    assert ended.code == 64
    assert ended.reason in ("ModelNameInvalid", "ModelNotRegular")


@pytest.mark.usefixtures("trained_task")
def test_folders_without_end_are_not_walked_through(pod: Pods) -> None:
    for number in range(1001):
        pod.path(f"/model/{number}").mkdir()
    ended = runs.shipped(pod)
    assert (ended.code, ended.reason) == (64, "ModelTooLarge")


@pytest.mark.usefixtures("trained_task")
def test_a_model_that_only_its_maker_may_read_is_said(
    pod: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.store import digests

    def refused(path: Any) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(digests, "of_file", refused)
    ended = runs.shipped(pod)
    assert (ended.code, ended.reason) == (64, "ModelUnreadable")
    assert "that other users may read" in ended.message


@pytest.mark.usefixtures("trained_task")
def test_more_than_the_limit_is_not_shipped(pod: Pods) -> None:
    with pod.path("/model/huge").open("wb") as file:
        file.truncate(3 << 30)
    ended = runs.shipped(pod)
    assert (ended.code, ended.reason) == (64, "ModelTooLarge")


@pytest.mark.usefixtures("trained_task")
def test_the_side_car_waits_for_sigterm_and_then_ships(pod: Pods) -> None:
    ready = pod.path(UPLOAD_READY)
    side_car = subprocess.Popen([sys.executable, "-m", "plumbline.jobs", "upload"])
    deadline = time.monotonic() + 60
    while not ready.exists():
        assert time.monotonic() < deadline
        assert side_car.poll() is None
        time.sleep(0.02)
    time.sleep(0.1)
    assert side_car.poll() is None
    side_car.send_signal(signal.SIGTERM)
    assert side_car.wait(30) == 0
    words = json.loads(pod.path("/dev/termination-log").read_text())
    assert words["verdict"] == "Trained"


def test_fetching_does_not_import_what_it_does_not_need(pod: Pods, dataset: str) -> None:
    code = (
        "import sys; from plumbline.jobs.training import fetch_training, upload;"
        "from plumbline.jobs.judging import fetch_judging;"
        "from plumbline.jobs.profiling import profile;"
        "print([m for m in ('sklearn', 'skops', 'treelite', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"
