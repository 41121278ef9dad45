"""Models as files without code: written by skops, read with a fixed list of trusted types.

The list must never come from the file itself. It has the types that scikit-learn needs and that
skops does not trust by default.
"""

from pathlib import Path
from types import MethodType
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from plumbline.jobs.failures import JobFailed, text_of

TRUSTED_TYPES = (
    "functools.partial",
    "numpy.dtype",
    "numpy.number",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer.make_column_selector",
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
    estimator = getattr(model, "steps", [("", model)])[-1][1]
    _forget_stopping(estimator)
    try:
        skops.io.dump(model, path)
    except RecursionError as error:
        name = type(estimator).__name__
        problem = f"{name} cannot be written as a skops file with these parameters"
        advice = "Leave out those that are objects or functions"
        raise JobFailed("EstimatorParamsInvalid", f"{problem}. {advice}.") from error


def _forget_stopping(estimator: Any) -> None:
    """Remove what early stopping by a score leaves: the score, and the estimator within itself."""
    if getattr(estimator, "_scorer", None) is not None:
        estimator._scorer = None
    for name, value in list(getattr(estimator, "__dict__", {}).items()):
        if isinstance(value, MethodType) and value.__self__ is estimator:
            delattr(estimator, name)


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
