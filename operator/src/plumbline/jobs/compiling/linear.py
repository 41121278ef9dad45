"""Linear models as weights: coefficients, intercepts, and the link function to a prediction."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from plumbline.contract.model_json import ENGINES, Linear
from plumbline.jobs.training.inputs import NotCompilable

# For more than two classes these use softmax; other classifiers normalize one-vs-rest.
_SOFTMAX = ("LogisticRegression", "LinearDiscriminantAnalysis")


def write_linear(estimator: Any, folder: Path) -> Linear:
    """Write weights.npz and return the engine's entry in model.json."""
    link = _link(estimator)
    coef = np.atleast_2d(np.asarray(estimator.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), coef.shape[:1])
    np.savez(folder / ENGINES["linear"], coef=coef, intercept=intercept)
    return Linear(link=link)


def _link(estimator: Any) -> Literal["identity", "logit", "softmax"]:
    name = type(estimator).__name__
    if not hasattr(estimator, "classes_"):
        return "identity"
    if len(estimator.classes_) == 2:
        return "logit"
    if name.startswith(_SOFTMAX) and estimator.get_params().get("solver") != "liblinear":
        return "softmax"
    advice = "Use LogisticRegression with another solver than liblinear"
    raise NotCompilable(f"it does not support {name} with more than two classes. {advice}")
