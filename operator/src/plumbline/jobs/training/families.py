"""Which engine serves an estimator; checked before the training, which may take hours."""

from typing import Any, Literal

from plumbline.jobs.failures import JobFailed
from plumbline.jobs.training.inputs import NotCompilable

_TREES = (
    *("RandomForest", "ExtraTrees", "GradientBoosting", "HistGradientBoosting"),
    *("DecisionTree", "ExtraTree"),
)
_LINEAR = ("sklearn.linear_model.", "sklearn.discriminant_analysis.LinearDiscriminantAnalysis")
# In sklearn.linear_model, but with a link function or an inner model that the engine does not have.
_OTHERS = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor", "RANSACRegressor")
# For more than two classes these use softmax; other classifiers normalize one-vs-rest.
_SOFTMAX = ("LogisticRegression", "LinearDiscriminantAnalysis")


def engine_of(estimator: Any) -> Literal["linear", "trees"]:
    """Return the engine that serves an estimator, fitted or not.

    Raises:
        NotCompilable: no engine can.
    """
    kind = type(estimator)
    name, path = kind.__name__, f"{kind.__module__}.{kind.__name__}"
    is_trees = path.startswith(("sklearn.ensemble.", "sklearn.tree.")) and name.startswith(_TREES)
    if not is_trees and (not path.startswith(_LINEAR) or name in _OTHERS):
        advice = "Use a linear model or a tree ensemble of scikit-learn"
        raise NotCompilable(f"it does not support {name}. {advice}")
    _check_probabilities(estimator, name)
    return "trees" if is_trees else "linear"


def link_of(estimator: Any, classes: int) -> Literal["identity", "logit", "softmax"]:
    """Return the link function of a linear estimator, fitted or not.

    Args:
        estimator: a linear one.
        classes: how many its target has; 0 for a regression.

    Raises:
        NotCompilable: the engine does not have its link function.
    """
    if classes <= 2:
        return "logit" if classes else "identity"
    name = type(estimator).__name__
    if name.startswith(_SOFTMAX) and estimator.get_params().get("solver") != "liblinear":
        return "softmax"
    advice = "Use LogisticRegression with another solver than liblinear"
    raise NotCompilable(f"it does not support {name} with more than two classes. {advice}")


def not_compilable(error: NotCompilable) -> JobFailed:
    """Return the failure of a step for a model that the model server cannot run."""
    return JobFailed("NotCompilable", f"The model server cannot run this model: {error}.")


def _check_probabilities(estimator: Any, name: str) -> None:
    from sklearn.base import is_classifier

    if not is_classifier(estimator):
        return
    if not hasattr(estimator, "predict_proba"):
        raise NotCompilable(f"{name} has no predict_proba. Use a classifier with probabilities")
    loss = estimator.get_params().get("loss", "log_loss")
    if loss != "log_loss":
        raise NotCompilable(f"it does not support {name} with loss {loss!r}. Use log_loss")
