"""Linear models as weights: coefficients, intercepts and the link that makes an answer of them."""

from pathlib import Path
from typing import Any

import numpy as np

from plumbline.jobs.compile_inputs import NotCompilable

FILE = "weights.npz"
_LINKED = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")


def is_linear(estimator: Any) -> bool:
    """Whether the estimator answers with weights."""
    return hasattr(estimator, "coef_") and type(estimator).__module__.startswith(
        ("sklearn.linear_model.", "sklearn.discriminant_analysis")
    )


def write_linear(estimator: Any, folder: Path) -> dict[str, Any]:
    """Write weights.npz and return the engine's entry in model.json."""
    link = _link(estimator)
    coef = np.atleast_2d(np.asarray(estimator.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), coef.shape[:1])
    np.savez(folder / FILE, coef=coef, intercept=intercept)
    return {"kind": "linear", "link": link}


def _link(estimator: Any) -> str:
    name = type(estimator).__name__
    if name in _LINKED:
        raise NotCompilable(f"{name} has a link that the linear engine does not have")
    if not hasattr(estimator, "classes_"):
        return "identity"
    if not hasattr(estimator, "predict_proba"):
        raise NotCompilable(f"{name} gives no probabilities; use one with predict_proba")
    if len(estimator.classes_) == 2:
        return "logit"
    if (
        name.startswith("LogisticRegression")
        and estimator.get_params().get("solver") != "liblinear"
    ):
        return "softmax"
    raise NotCompilable(f"{name} with more than two classes has no compiled form")
