"""From columns of mixed types to what an estimator can learn from, chosen by its family.

Gradient boosting by histogram takes gaps and categories as they are; other trees want numbers
without gaps; everything else wants numbers of one size and one column for each category.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from plumbline.jobs.features import Feature

_MOST_CATEGORIES = 255
_TREES = ("Forest", "ExtraTree", "DecisionTree", "GradientBoosting", "LGBM", "XGB")


def make_pipeline(estimator: Any, features: Sequence[Feature], frame: pl.DataFrame) -> Any:
    """Return preprocessing and estimator as one pipeline, unfitted.

    Args:
        estimator: unfitted; gets `categorical_features` when it can use them.
        features: the columns, by type.
        frame: the training rows, to count categories.
    """
    name = type(estimator).__name__
    numbers = [each["name"] for each in features if each["type"] != "category"]
    texts = [each["name"] for each in features if each["type"] == "category"]
    if name.startswith("HistGradientBoosting"):
        return _for_histograms(estimator, numbers, texts, frame)
    if name.startswith(_TREES):
        steps = [("numbers", _filled(), numbers), ("categories", _ordinal(-1), texts)]
    else:
        steps = [("numbers", _scaled(), numbers), ("categories", _one_hot(), texts)]
    return _pipeline(steps, estimator)


def _for_histograms(
    estimator: Any, numbers: list[str], texts: list[str], frame: pl.DataFrame
) -> Any:
    few = [name for name in texts if frame[name].n_unique() <= _MOST_CATEGORIES]
    many = [name for name in texts if name not in few]
    # Histograms cannot be made of a column without any value.
    empty = [name for name in numbers if frame[name].null_count() == frame.height]
    if estimator.get_params().get("categorical_features") == "from_dtype":
        first = len(numbers)
        estimator.set_params(categorical_features=list(range(first, first + len(few))) or None)
    steps = [
        ("empty", _filled(), empty),
        ("numbers", "passthrough", [name for name in numbers if name not in empty]),
        ("categories", _ordinal(np.nan), few),
        ("ordinals", _ordinal(np.nan), many),
    ]
    return _pipeline(steps, estimator)


def _pipeline(steps: list[tuple[str, Any, list[str]]], estimator: Any) -> Any:
    used = [step for step in steps if step[2]]
    prepare = ColumnTransformer(used, sparse_threshold=0, verbose_feature_names_out=False)
    return Pipeline([("prepare", prepare), ("model", estimator)])


def _ordinal(unknown: float) -> Any:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown)


def _one_hot() -> Any:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def _filled() -> Any:
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _scaled() -> Any:
    return Pipeline([("impute", _filled()), ("scale", StandardScaler())])
