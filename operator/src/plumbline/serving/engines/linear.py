"""Linear models: the product of matrix and weights, and a link function."""

from pathlib import Path

import numpy as np

from plumbline.contract.model_json import ENGINES
from plumbline.serving.engines.inputs import Floats


class Linear:
    """Predictions of a linear model: probabilities by class, or values."""

    def __init__(self, folder: Path, link: str) -> None:
        """Read the weights; a file with Python objects is refused, because they could run code."""
        with np.load(folder / ENGINES["linear"], allow_pickle=False) as weights:
            self._coef = np.ascontiguousarray(weights["coef"].T)
            self._intercept = weights["intercept"]
        self._link = link

    def predict(self, matrix: Floats) -> Floats:
        """Return [rows, outputs]."""
        margin = matrix @ self._coef + self._intercept
        if self._link == "identity":
            return np.asarray(margin)
        if self._link == "logit":
            chance = 1 / (1 + np.exp(-margin[:, :1]))
            return np.hstack([1 - chance, chance])
        return softmax(margin)


def softmax(margin: Floats) -> Floats:
    """Return probabilities by class from raw margins, [rows, classes]."""
    # The exponential of a large margin would overflow. To subtract the largest margin from all
    # changes nothing in the result.
    odds = np.exp(margin - margin.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
