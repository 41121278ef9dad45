"""Models as files without code: written by skops, read with a list of types that we keep.

The list must never come from the model itself. What skops does not know as harmless, although
scikit-learn needs it, is named here, one by one.
"""

from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from plumbline.jobs.failures import JobFailed

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
    """Read a model, if it consists of trusted types only.

    Raises:
        JobFailed: it holds another type, or is no model at all.
    """
    try:
        return skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise JobFailed("ModelUntrusted", f"{path.name} holds untrusted types: {error}") from error
    except Exception as error:  # whatever a damaged file makes a parser raise
        raise JobFailed(
            "ModelUnreadable",
            f"{path.name} is not a skops model ({type(error).__name__}: {str(error)[:200]}); write "
            "it with skops.io.dump.",
        ) from error
