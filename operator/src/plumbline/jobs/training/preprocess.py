"""The built-in preprocessing: from columns of all types to the input of an estimator.

Histogram gradient boosting takes missing values and categories as they are. Other trees need
numbers without missing values. All other estimators get scaled numbers and one-hot categories.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags

from plumbline.jobs.failures import JobFailed
from plumbline.jobs.training.features import Feature

_MOST_CATEGORIES = 255
# The number of one-hot columns is limited; rarer categories get only zeros.
_MOST_COLUMNS = 255
_TREES = (
    *("RandomForest", "ExtraTree", "DecisionTree", "GradientBoosting", "HistGradientBoosting"),
)
# The treatments of a column: they also name the steps of the stored pipeline.
_AS_THEY_ARE, _FILLED = "numbers", "filled"
_CATEGORIES, _CATEGORIES_OR_GAPS = "categories", "categories-or-gaps"
Step = tuple[str, Any, list[str]]


def make_pipeline(estimator: Any, features: Sequence[Feature], frame: pl.DataFrame) -> Any:
    """Return preprocessing and estimator as one pipeline, unfitted.

    Args:
        estimator: unfitted; `categorical_features` is set if it has this parameter.
        features: the columns and their types.
        frame: the training rows, to count categories.
    """
    name = type(estimator).__name__
    if name.startswith(_TREES):
        _names_to_positions(estimator, [each["name"] for each in features])
    if name.startswith("HistGradientBoosting"):
        return _for_histograms(estimator, features, frame)
    if name.startswith(_TREES):
        treatments = [_CATEGORIES if each["type"] == "category" else _FILLED for each in features]
        return _pipeline(_in_order(features, treatments), estimator)
    numbers = [each["name"] for each in features if each["type"] != "category"]
    texts = [each["name"] for each in features if each["type"] == "category"]
    is_sparse = bool(texts) and get_tags(estimator).input_tags.sparse
    one_hot = _one_hot(frame, texts, is_sparse=is_sparse)
    steps = [("numbers", _scaled(), numbers), ("categories", one_hot, texts)]
    return _pipeline(steps, estimator, is_sparse=is_sparse)


def _for_histograms(estimator: Any, features: Sequence[Feature], frame: pl.DataFrame) -> Any:
    params = estimator.get_params()
    most = min(_MOST_CATEGORIES, int(params.get("max_bins", _MOST_CATEGORIES)))
    few = [
        each["type"] == "category" and frame[each["name"]].n_unique() <= most for each in features
    ]
    if params.get("categorical_features") == "from_dtype":
        positions = [position for position, is_few in enumerate(few) if is_few]
        estimator.set_params(categorical_features=positions or None)
    return _pipeline(_in_order(features, [_treatment(each, frame) for each in features]), estimator)


def _treatment(feature: Feature, frame: pl.DataFrame) -> str:
    """Return what is done to a column before a histogram estimator gets it."""
    if feature["type"] == "category":
        return _CATEGORIES_OR_GAPS
    # Scikit-learn cannot make a histogram of a column that has no value.
    empty = frame[feature["name"]].null_count() == frame.height
    return _FILLED if empty else _AS_THEY_ARE


def _in_order(features: Sequence[Feature], treatments: Sequence[str]) -> list[Step]:
    """Return one step for each group of neighbouring features that are treated alike.

    The columns stay in the order of the features, because parameters such as `monotonic_cst` go by
    position.
    """
    stretches = groupby(zip(treatments, features, strict=True), key=itemgetter(0))
    return [
        (
            f"{treatment}-{number}",
            _TREATMENTS[treatment](),
            [feature["name"] for _, feature in some],
        )
        for number, (treatment, some) in enumerate(stretches)
    ]


def _names_to_positions(estimator: Any, names: list[str]) -> None:
    """Replace names of features in parameters by positions: the estimator gets no names."""
    params = estimator.get_params()
    signs, chosen = params.get("monotonic_cst"), params.get("categorical_features")
    if isinstance(signs, dict):
        by_position = {
            _position(name, names, "monotonic_cst"): sign for name, sign in signs.items()
        }
        estimator.set_params(monotonic_cst=[by_position.get(n, 0) for n in range(len(names))])
    if isinstance(chosen, list) and all(isinstance(each, str) for each in chosen):
        positions = [_position(name, names, "categorical_features") for name in chosen]
        estimator.set_params(categorical_features=positions)


def _position(name: str, names: list[str], parameter: str) -> int:
    if name not in names:
        raise JobFailed(
            "EstimatorParamsInvalid",
            f"Parameter {parameter} has {name}, which is not a feature. Use some of "
            f"{', '.join(names[:12])}.",
        )
    return names.index(name)


def _pipeline(steps: list[Step], estimator: Any, *, is_sparse: bool = False) -> Any:
    """Return the steps and the estimator; the estimator gets a sparse matrix or a dense one."""
    used = [step for step in steps if step[2]]
    share = 1.0 if is_sparse else 0.0
    prepare = ColumnTransformer(used, sparse_threshold=share, verbose_feature_names_out=False)
    return Pipeline([("prepare", prepare), ("model", estimator)])


def _ordinal(unknown: float) -> Any:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown)


def _one_hot(frame: pl.DataFrame, texts: Sequence[str], *, is_sparse: bool) -> Any:
    """Return the encoder: of many columns almost all values are 0, which only sparse is small."""
    known = [_commonest(frame[name]) for name in texts]
    return OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=is_sparse)


def _commonest(values: pl.Series) -> list[str | None]:
    """Return the categories that get a column, in alphabetical order; a missing value is last."""
    counts = values.alias("value").value_counts(name="rows")
    top = counts.sort("rows", "value", descending=[True, False])["value"][:_MOST_COLUMNS]
    return top.sort(nulls_last=True).to_list()


def _filled() -> Any:
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _scaled() -> Any:
    return Pipeline([("impute", _filled()), ("scale", StandardScaler())])


_TREATMENTS: dict[str, Callable[[], Any]] = {
    _AS_THEY_ARE: lambda: "passthrough",
    _FILLED: _filled,
    _CATEGORIES: lambda: _ordinal(-1),
    _CATEGORIES_OR_GAPS: lambda: _ordinal(np.nan),
}
