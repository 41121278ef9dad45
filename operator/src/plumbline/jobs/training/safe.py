"""Models as files without code: written by skops, read with a fixed list of trusted types.

The list must never come from the file itself. It has the types that scikit-learn needs and that
skops does not trust by default.
"""

from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from plumbline.jobs.failures import JobFailed, text_of

TRUSTED_TYPES = (
    "functools.partial",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
)


def save(model: Any, path: Path) -> None:
    """Write a fitted model."""
    skops.io.dump(model, path)


def load(path: Path) -> Any:
    """Read a model, if it has only trusted types.

    Raises:
        JobFailed: it has another type, or is not a model.
    """
    try:
        return skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        message = (
            f"{path.name} is not safe to load. {text_of(error)}. Use only types of scikit-learn."
        )
        raise JobFailed("ModelUntrusted", message) from error
    except Exception as error:  # whatever a damaged file makes a parser raise
        raise JobFailed(
            "ModelUnreadable",
            f"{path.name} is not a skops model: {text_of(error, 200)}. Write it with "
            "skops.io.dump.",
        ) from error
