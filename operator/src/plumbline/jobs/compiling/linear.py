"""Linear models as weights: coefficients, intercepts, and the link function to a prediction."""

from pathlib import Path
from typing import Any

import numpy as np

from plumbline.contract.model_json import ENGINES, Linear
from plumbline.jobs.training.families import link_of


def write_linear(estimator: Any, folder: Path) -> Linear:
    """Write weights.npz and return the engine's entry in model.json."""
    link = link_of(estimator, len(getattr(estimator, "classes_", ())))
    coef = np.atleast_2d(np.asarray(estimator.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), coef.shape[:1])
    np.savez(folder / ENGINES["linear"], coef=coef, intercept=intercept)
    return Linear(link=link)
