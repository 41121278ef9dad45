"""Tree ensembles as a treelite checkpoint, and the type to which the estimator rounds its input."""

from copy import copy
from pathlib import Path
from typing import Any, Literal

import numpy as np
import treelite

from plumbline.contract.model_json import ENGINES, Trees
from plumbline.jobs.compiling.inputs import encodes
from plumbline.jobs.training.inputs import NotCompilable

_SINGLE = ("DecisionTree", "ExtraTree")


def write_trees(estimator: Any, folder: Path) -> Trees:
    """Write trees.bin and return the engine's entry in model.json."""
    try:
        # A missing value among the categories has no integer, and needs none.
        with np.errstate(invalid="ignore"):
            trees = treelite.sklearn.import_model(_as_ensemble(_of_numbers(estimator)))
    except (treelite.TreeliteError, NotImplementedError) as error:
        problem = f"it cannot convert {type(estimator).__name__} ({str(error)[:200]})"
        raise NotCompilable(f"{problem}. Use another estimator") from error
    link = _softmax_outside(trees)
    trees.serialize(str(folder / ENGINES["trees"]))
    name = type(estimator).__name__
    # Scikit-learn rounds the input to float32, except for histogram gradient boosting.
    cast: Literal["float32", "float64"] = (
        "float64" if name.startswith("HistGradientBoosting") else "float32"
    )
    return Trees(file=ENGINES["trees"], cast=cast, link=link)


def _of_numbers(estimator: Any) -> Any:
    """Return the estimator without its own encoder, which stands in the inputs."""
    if not encodes(estimator):
        return estimator
    bare = copy(estimator)
    bare._preprocessor = None
    return bare


def _softmax_outside(trees: Any) -> Literal["softmax"] | None:
    """Return softmax if the engine must compute it: that of treelite rounds to float32."""
    header = trees.get_header_accessor()
    if header.get_field("postprocessor") != "softmax":
        return None
    header.set_field("postprocessor", "identity_multiclass")
    return "softmax"


def _as_ensemble(estimator: Any) -> Any:
    """Return a single tree as a forest of one tree, because treelite imports only ensembles."""
    if not type(estimator).__name__.startswith(_SINGLE) or hasattr(estimator, "estimators_"):
        return estimator
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    is_classifier = hasattr(estimator, "classes_")
    forest = (RandomForestClassifier if is_classifier else RandomForestRegressor)(n_estimators=1)
    forest.estimators_ = [estimator]
    forest.n_features_in_, forest.n_outputs_ = estimator.n_features_in_, estimator.n_outputs_
    if is_classifier:
        forest.classes_, forest.n_classes_ = estimator.classes_, estimator.n_classes_
    return forest
