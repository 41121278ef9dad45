"""The estimator of a spec: imported only from trusted modules, with parameters that it has."""

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from plumbline.jobs.failures import JobFailed, text_of

TRUSTED_MODULES = ("sklearn.",)
_ABSENT = re.compile(r"missing \d+ required .*arguments?: (.+)")
_KINDS = {"Classification": "classifier", "Regression": "regressor"}


def make_estimator(
    path: str,
    params: Mapping[str, Any],
    *,
    task: str,
    seed: int,
    classes: Sequence[Any] = (),
) -> Any:
    """Return the estimator, unfitted and seeded.

    Args:
        path: what to import.
        params: by name; a text that is JSON is read as JSON.
        task: Classification or Regression.
        seed: its `random_state`, unless params set one.
        classes: of a classification, for class weights, whose keys are text.

    Raises:
        JobFailed: it is not allowed, does not exist, is not an estimator for the task, or does not
            have one of the parameters.
    """
    kind = _import(path)
    known = inspect.signature(kind.__init__).parameters
    values = {name: _value(raw) for name, raw in params.items()}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise JobFailed(
            "EstimatorParamsInvalid",
            f"{path} has no parameter {unknown[0]}. Use one of {_listed(known)}.",
        )
    if isinstance(values.get("class_weight"), dict):
        values["class_weight"] = _by_class(values["class_weight"], classes)
    # An explicit None is replaced too: it would make the run different each time.
    if "random_state" in known and values.get("random_state") is None:
        values["random_state"] = seed
    return _made(kind, path, values, task)


def _listed(known: Mapping[str, Any]) -> str:
    return ", ".join(sorted(name for name in known if name != "self")[:30])


def _import(path: str) -> Any:
    if not path.startswith(TRUSTED_MODULES):
        raise JobFailed(
            "EstimatorNotAllowed",
            f"trainer.estimator.import {path} is not allowed. Use a linear model or a tree "
            "ensemble of scikit-learn. To train it with code of your own, use trainer.container.",
        )
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise JobFailed(
            "EstimatorNotFound",
            f"trainer.estimator.import {path} does not exist: {_absent(path, error)}.",
        ) from error
    if not (inspect.isclass(found) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise JobFailed("EstimatorInvalid", f"{path} is not a class with fit and predict.")
    return found


def _absent(path: str, error: Exception) -> str:
    """Return what is missing, and what to do."""
    module, _, name = path.rpartition(".")
    if isinstance(error, AttributeError):
        return f"{module} has no class {name}. Fix the name"
    advice = "Fix the name, or use a trainer image that has the package"
    return f"module {getattr(error, 'name', None) or module} cannot be imported. {advice}"


def _made(kind: Any, path: str, values: Mapping[str, Any], task: str) -> Any:
    from sklearn.base import is_classifier, is_regressor

    try:
        estimator = kind(**values)
        fits = is_classifier(estimator) if task == "Classification" else is_regressor(estimator)
    except AttributeError as error:
        # A wrapper looks into the estimator that it should have got; the text is about our call.
        message = f"{path} needs another estimator, which trainer.estimator.params cannot give."
        advice = "Name that estimator itself in trainer.estimator.import."
        raise JobFailed("EstimatorParamsInvalid", f"{message} {advice}") from error
    except (TypeError, ValueError) as error:
        absent = _ABSENT.search(str(error))
        problem = f"{path} refuses trainer.estimator.params: {text_of(error)}."
        if absent:
            problem = (
                f"{path} needs parameters that are not in trainer.estimator.params: {absent[1]}."
            )
        raise JobFailed("EstimatorParamsInvalid", problem) from error
    if not fits:
        raise JobFailed(
            "EstimatorInvalid",
            f"{path} is not a {_KINDS[task]}, which task {task} needs. Use another class.",
        )
    return estimator


def _by_class(weights: Mapping[str, Any], classes: Sequence[Any]) -> dict[Any, Any]:
    """Return weights by class. Keys in JSON are always text, and `true` stands for True."""
    named = {json.dumps(each).strip('"'): each for each in classes} | {str(c): c for c in classes}
    return {named.get(text, text): weight for text, weight in weights.items()}


def _value(raw: Any) -> Any:
    """Read `"0.1"`, `"true"`, `"null"` and `"[1, 2]"` as JSON; anything else stays text."""
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw
