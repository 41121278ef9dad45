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

from plumbline.jobs.training.features import Feature

_MOST_CATEGORIES = 255
# One column each, for all rows: the others count as none of these.
_MOST_COLUMNS = 255
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
        steps = [("numbers", _scaled(), numbers), ("categories", _one_hot(frame, texts), texts)]
    return _pipeline(steps, estimator)


def _for_histograms(
    estimator: Any, numbers: list[str], texts: list[str], frame: pl.DataFrame
) -> Any:
    most = min(_MOST_CATEGORIES, int(estimator.get_params().get("max_bins", _MOST_CATEGORIES)))
    few = [name for name in texts if frame[name].n_unique() <= most]
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


def _one_hot(frame: pl.DataFrame, texts: Sequence[str]) -> Any:
    known = [_commonest(frame[name]) for name in texts]
    return OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)


def _commonest(values: pl.Series) -> list[str | None]:
    """Return the categories with columns of their own, in alphabetical order, nothing last."""
    counts = values.alias("value").value_counts(name="rows")
    top = counts.sort("rows", "value", descending=[True, False])["value"][:_MOST_COLUMNS]
    return top.sort(nulls_last=True).to_list()


def _filled() -> Any:
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _scaled() -> Any:
    return Pipeline([("impute", _filled()), ("scale", StandardScaler())])
