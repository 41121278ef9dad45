"""The usual pipelines of a container of one's own are served, or refused in one sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from plumbline.contract import model_json
from plumbline.jobs.compiling import answers
from plumbline.jobs.training import safe
from plumbline.jobs.training.families import not_compilable
from plumbline.jobs.training.inputs import NotCompilable, converting
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import ExtraTreeClassifier

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Ended, Pods
from tests.unit.jobs.test_estimators import difference, profiled, served

NUMBERS, TEXTS = ["temp", "hour"], ["carrier", "gate"]
FEATURES = ["temp", "carrier", "hour", "gate"]
Fit = Callable[[pl.DataFrame, Any], Any]


def table() -> pl.DataFrame:
    random = np.random.default_rng(0)
    gate = pl.Series("gate", random.choice(["a", "b", "c"], 1500))
    return runs.rows(1500).select("temp", "carrier", "hour", gate, y="late")


def own_run(pod: Pods, fit: Fit) -> tuple[Ended, dict[str, Any]]:
    """Fit a model as a container would, on what it is given, and ship and judge it."""
    task = runs.run_task(profiled(pod, table()), pod, features=FEATURES, params={"max_iter": 2})
    assert runs.trained(pod, task).code == 0
    given = pl.read_parquet(pod.path("/data/train.parquet"))
    safe.save(fit(given.drop("y"), given["y"].to_numpy()), pod.path("/model/model.skops"))
    ended = runs.judged(pod, task, runs.shipped(pod).words["digest"])
    digest = ended.words.get("digest")
    return ended, pod.store.get_manifest(digest) if digest else {}


def chosen(texts: Any, model: Any, columns: tuple[Any, Any] = (NUMBERS, TEXTS)) -> Any:
    steps = [("numbers", scaled(), columns[0]), ("texts", texts, columns[1])]
    return make_pipeline(ColumnTransformer(steps), model)


def with_pandas(make: Callable[[], Any], kind: Any = None) -> Fit:
    def fit(given: pl.DataFrame, labels: Any) -> Any:
        frame = pd.DataFrame({name: given[name].to_list() for name in given.columns})
        return make().fit(frame.astype(dict.fromkeys(TEXTS, kind)) if kind else frame, labels)

    return fit


def imputed(strategy: str, encoder: Any, **more: Any) -> Any:
    return make_pipeline(SimpleImputer(strategy=strategy, **more), encoder)


def one_hot() -> Any:
    return OneHotEncoder(handle_unknown="ignore")


def ordinal(unknown: float = -1) -> Any:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown)


def scaled() -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler())


def logistic() -> Any:
    return LogisticRegression(max_iter=500)


def forest() -> Any:
    return RandomForestClassifier(n_estimators=5)


def on_polars(given: pl.DataFrame, labels: Any) -> Any:
    return chosen(imputed("most_frequent", one_hot()), logistic()).fit(given, labels)


def on_array(given: pl.DataFrame, labels: Any) -> Any:
    texts = imputed("most_frequent", one_hot(), missing_values=None)
    return chosen(texts, logistic(), ([0, 2], [1, 3])).fit(given.to_numpy(), labels)


def on_slices(given: pl.DataFrame, labels: Any) -> Any:
    frame = given.select(FEATURES).to_numpy()
    texts = imputed("constant", one_hot(), missing_values=None, fill_value="none")
    return chosen(texts, logistic(), (slice(0, 3, 2), slice(1, 4, 2))).fit(frame, labels)


def by_half_a_scaler(scaler: Any) -> Fit:
    steps = [("hour", make_pipeline(SimpleImputer(), scaler), ["hour"])]
    return with_pandas(lambda: make_pipeline(ColumnTransformer(steps), logistic()))


def by_numbers_only(given: pl.DataFrame, labels: Any) -> Any:
    places = ([0, 2], [])
    return chosen("drop", logistic(), places).fit(given.to_numpy(), labels)


def boosting() -> Any:
    return HistGradientBoostingClassifier(max_iter=5)


SERVED: dict[str, Fit] = {
    "the example of the documentation": with_pandas(
        lambda: chosen(imputed("most_frequent", one_hot()), logistic())
    ),
    "the same on objects": with_pandas(
        lambda: chosen(imputed("most_frequent", one_hot()), logistic()), object
    ),
    "the same on polars": on_polars,
    "a constant": with_pandas(
        lambda: chosen(imputed("constant", one_hot(), fill_value="missing"), logistic())
    ),
    "a constant that is a category": with_pandas(
        lambda: chosen(imputed("constant", one_hot(), fill_value="AA"), logistic())
    ),
    "before an ordinal encoder": with_pandas(
        lambda: chosen(imputed("most_frequent", ordinal()), forest())
    ),
    "gaps of pandas that an encoder sees": with_pandas(lambda: chosen(one_hot(), logistic())),
    "gaps of pandas that an ordinal encoder codes": with_pandas(
        lambda: chosen(ordinal(-7), boosting())
    ),
    "an array": on_array,
    "slices of an array": on_slices,
    "an array of which texts are dropped": by_numbers_only,
    "numbers that are only divided": by_half_a_scaler(StandardScaler(with_mean=False)),
    "numbers that are only moved": by_half_a_scaler(StandardScaler(with_std=False)),
    "numbers that are only divided, robustly": by_half_a_scaler(RobustScaler(with_centering=False)),
    "numbers that are only moved, robustly": by_half_a_scaler(RobustScaler(with_scaling=False)),
    "categories of pandas in boosted trees": with_pandas(boosting, "category"),
    "gaps that a forest was fitted on": with_pandas(
        lambda: make_pipeline(ColumnTransformer([("n", "passthrough", NUMBERS)]), forest())
    ),
    "gaps that single trees were fitted on": with_pandas(
        lambda: make_pipeline(
            ColumnTransformer([("n", "passthrough", NUMBERS)]), ExtraTreeClassifier(max_depth=5)
        )
    ),
    "what remains is passed through": with_pandas(
        lambda: make_pipeline(
            ColumnTransformer([("texts", ordinal(), TEXTS)], remainder="passthrough"), boosting()
        )
    ),
    "columns by their types": with_pandas(
        lambda: make_pipeline(
            make_column_transformer(
                (SimpleImputer(), make_column_selector(dtype_include=np.number)),
                (one_hot(), make_column_selector(dtype_include="string")),
                (StandardScaler(), make_column_selector(dtype_include="complex")),
            ),
            logistic(),
        )
    ),
    "a transformer within a transformer": with_pandas(
        lambda: make_pipeline(
            ColumnTransformer(
                [
                    ("inner", ColumnTransformer([("n", scaled(), ["hour"])]), NUMBERS),
                    ("texts", one_hot(), ["carrier"]),
                ]
            ),
            logistic(),
        )
    ),
    "codes of which one is negative": with_pandas(
        lambda: chosen(
            ordinal(-1), HistGradientBoostingClassifier(max_iter=5, categorical_features=[2, 3])
        )
    ),
    "numbers as categories": with_pandas(
        lambda: make_pipeline(
            ColumnTransformer([("n", "passthrough", NUMBERS)]),
            HistGradientBoostingClassifier(max_iter=5, categorical_features=[1]),
        )
    ),
    "numbers that an encoder codes": with_pandas(
        lambda: make_pipeline(ColumnTransformer([("n", ordinal(-5), ["hour"])]), forest())
    ),
    "codes for what is missing, as categories": with_pandas(
        lambda: chosen(
            OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
            ),
            HistGradientBoostingClassifier(max_iter=5, categorical_features=[2, 3]),
        )
    ),
    "a code for what is missing after the others": with_pandas(
        lambda: chosen(
            OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=4, encoded_missing_value=4
            ),
            boosting(),
        )
    ),
    "a code for what is missing": with_pandas(
        lambda: chosen(
            OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
            ),
            forest(),
        )
    ),
    "a model without an intercept": with_pandas(
        lambda: chosen(one_hot(), LogisticRegression(fit_intercept=False))
    ),
    "scaled to a range": with_pandas(
        lambda: make_pipeline(
            ColumnTransformer(
                [("n", make_pipeline(SimpleImputer(), MinMaxScaler((-1, 2))), NUMBERS)]
            ),
            MaxAbsScaler(),
            logistic(),
        )
    ),
    "boosting from a given start": with_pandas(
        lambda: chosen(one_hot(), GradientBoostingClassifier(n_estimators=5, init="zero"))
    ),
    "boosting on samples": with_pandas(
        lambda: chosen(one_hot(), GradientBoostingClassifier(n_estimators=5, subsample=0.5))
    ),
    "output as a table of pandas": with_pandas(
        lambda: chosen(ordinal(), boosting()).set_output(transform="pandas")
    ),
    "categories of pandas beside scaled numbers": with_pandas(
        lambda: make_pipeline(boosting()), "category"
    ),
}


@pytest.mark.parametrize("case", SERVED)
@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_a_pipeline_of_ones_own_is_answered_as_it_was_fitted(pod: Pods, case: str) -> None:
    ended, manifest = own_run(pod, SERVED[case])
    assert ended.words.get("verdict") == "Passed", ended
    assert difference(pod, manifest, table()) <= 1e-9


REFUSED: dict[str, tuple[Fit, str]] = {
    "an imputer after an encoder": (
        with_pandas(lambda: chosen(make_pipeline(ordinal(), SimpleImputer()), forest())),
        "SimpleImputer follows an encoder.",
    ),
    "fewer columns than features": (
        lambda given, labels: forest().fit(given.select(NUMBERS).to_numpy(), labels),
        "it was fitted on 2 columns, and the run has 4 features.",
    ),
    "indicators of gaps": (
        with_pandas(
            lambda: chosen(imputed("most_frequent", one_hot(), add_indicator=True), forest())
        ),
        "add_indicator",
    ),
    "weights of transformers": (
        with_pandas(
            lambda: make_pipeline(
                ColumnTransformer([("n", scaled(), NUMBERS)], transformer_weights={"n": 10}),
                logistic(),
            )
        ),
        "transformer_weights",
    ),
    "a category that is dropped": (
        with_pandas(lambda: chosen(OneHotEncoder(drop="first"), logistic())),
        "with drop.",
    ),
    "rare categories together": (
        with_pandas(lambda: chosen(OneHotEncoder(min_frequency=400), logistic())),
        "infrequent",
    ),
    "a function": (
        with_pandas(
            lambda: make_pipeline(
                ColumnTransformer([("n", SimpleImputer(), NUMBERS)]),
                FunctionTransformer(np.abs),
                logistic(),
            )
        ),
        "FunctionTransformer",
    ),
    "a vote": (
        with_pandas(
            lambda: chosen(one_hot(), VotingClassifier([("a", logistic())], voting="soft"))
        ),
        "does not support VotingClassifier.",
    ),
    "probabilities that are calibrated": (
        with_pandas(lambda: chosen(one_hot(), CalibratedClassifierCV(logistic(), cv=2))),
        "does not support CalibratedClassifierCV.",
    ),
    "boosting from another model": (
        with_pandas(
            lambda: chosen(one_hot(), GradientBoostingClassifier(n_estimators=2, init=logistic()))
        ),
        "init",
    ),
    "a slice of names": (
        with_pandas(lambda: chosen("drop", logistic(), (slice("temp", "temp"), []))),
        "by a slice of names. List their names instead.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pipeline_that_cannot_be_served_is_refused_in_one_sentence(pod: Pods, case: str) -> None:
    fit, words = REFUSED[case]
    ended, _ = own_run(pod, fit)
    assert ended.code == 64, ended
    assert words in ended.message


def test_a_form_that_nobody_foresaw_is_refused_without_its_values() -> None:
    with pytest.raises(NotCompilable) as refused, converting("OddScaler"):
        float("a value")
    failure = not_compilable(refused.value)
    assert (failure.reason, failure.retry) == ("NotCompilable", False)
    assert "it cannot convert OddScaler as it was fitted." in failure.message
    assert "a value" not in failure.message


def test_early_stopping_by_a_score(pod: Pods) -> None:
    params = {"early_stopping": True, "scoring": "roc_auc", "max_iter": 5}
    ended, manifest = runs.whole_run(
        pod, runs.run_task(profiled(pod, table()), pod, features=FEATURES, params=params)
    )
    assert ended.words["verdict"] == "Passed", ended
    assert difference(pod, manifest, table()) <= 1e-9


def test_a_feature_that_is_named_twice(pod: Pods) -> None:
    task = runs.run_task(profiled(pod, table()), pod, features=["temp", "hour", "temp"])
    ended = runs.trained(pod, task)
    assert (ended.code, ended.reason) == (64, "FeatureUnusable")
    assert ended.message == "spec.features names temp twice. Name it once."


def test_a_missing_text_gets_the_answer_of_its_fill(pod: Pods) -> None:
    _, manifest = own_run(pod, SERVED["the example of the documentation"])
    model = served(pod, manifest)
    asked = table().head(2).with_columns(carrier=pl.Series([None, "B6"], dtype=pl.String))
    features = [model_json.wire(each) for each in model.content.features]
    fitted = safe.load(pod.path("/model/model.skops"))
    fill = fitted.steps[0][1].named_transformers_["texts"].steps[0][1].statistics_[0]
    filled = asked.with_columns(pl.col("carrier").fill_null(fill))
    found = [answers.of_compiled(pod.path("/served"), each, features) for each in (asked, filled)]
    assert found[0].tolist() == found[1].tolist()
