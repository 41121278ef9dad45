"""Linear models as weights: coefficients, intercepts and the link that makes an answer of them."""

from pathlib import Path
from typing import Any

import numpy as np

from plumbline.jobs.training.inputs import NotCompilable

FILE = "weights.npz"
# Their probabilities of more than two classes are a softmax of the margins.
_SOFTMAX = ("LogisticRegression", "LinearDiscriminantAnalysis")


def write_linear(estimator: Any, folder: Path) -> dict[str, Any]:
    """Write weights.npz and return the engine's entry in model.json."""
    link = _link(estimator)
    coef = np.atleast_2d(np.asarray(estimator.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), coef.shape[:1])
    np.savez(folder / FILE, coef=coef, intercept=intercept)
    return {"kind": "linear", "link": link}


def _link(estimator: Any) -> str:
    name = type(estimator).__name__
    if not hasattr(estimator, "classes_"):
        return "identity"
    if len(estimator.classes_) == 2:
        return "logit"
    if name.startswith(_SOFTMAX) and estimator.get_params().get("solver") != "liblinear":
        return "softmax"
    raise NotCompilable(f"{name} with more than two classes has no compiled form")
