"""Tree ensembles, computed by treelite's interpreter."""

from pathlib import Path

import numpy as np
import treelite

from plumbline.contract.model_json import ENGINES
from plumbline.serving.engines.inputs import Floats
from plumbline.serving.engines.linear import softmax


class Trees:
    """Predictions of a tree ensemble: probabilities by class, or values."""

    def __init__(self, folder: Path, *, cast: str, classes: int, link: str | None = None) -> None:
        """Read the checkpoint.

        Args:
            folder: of the model.
            cast: type to which the estimator rounds its input.
            classes: number of classes, 0 for a regression.
            link: `softmax` when the trees give raw margins.
        """
        self._trees = treelite.Model.deserialize(str(folder / ENGINES["trees"]))
        self._cast, self._classes, self._link = np.dtype(cast), classes, link

    def predict(self, matrix: Floats) -> Floats:
        """Return [rows, outputs]."""
        rounded = np.ascontiguousarray(matrix, dtype=self._cast)
        if self._cast == np.float32:
            # The estimator rounds inputs to float32 but compares them with thresholds in float64.
            rounded = rounded.astype(np.float64)
        raw = treelite.gtil.predict(self._trees, rounded, nthread=1)
        found = np.asarray(raw, dtype=np.float64).reshape(len(matrix), -1)
        if self._link == "softmax":
            return softmax(found)
        if self._classes == 2 and found.shape[1] == 1:
            return np.hstack([1 - found, found])
        return found
