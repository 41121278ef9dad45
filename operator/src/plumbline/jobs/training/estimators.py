"""The estimator that a spec names: found in trusted modules only, with parameters that it knows."""

import inspect
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from plumbline.jobs.failures import JobFailed

TRUSTED_MODULES = ("sklearn.", "lightgbm.", "xgboost.")
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
        params: by name; text is read as JSON where it is JSON.
        task: Classification or Regression.
        seed: of its random choices, unless params set `random_state`.
        classes: of a classification, for weights that name them as text.

    Raises:
        JobFailed: it is not trusted, not there, not an estimator for the task, or does not know
            one of the parameters.
    """
    kind = _import(path)
    known = inspect.signature(kind.__init__).parameters
    values = {name: _value(raw) for name, raw in params.items()}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise JobFailed(
            "EstimatorParamsInvalid",
            f"{path} has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))[:300]}.",
        )
    if isinstance(values.get("class_weight"), dict):
        values["class_weight"] = _by_class(values["class_weight"], classes)
    # Nothing as well: a run is reproducible.
    if "random_state" in known and values.get("random_state") is None:
        values["random_state"] = seed
    return _made(kind, path, values, task)


def _import(path: str) -> Any:
    if not path.startswith(TRUSTED_MODULES):
        raise JobFailed(
            "EstimatorNotAllowed",
            f"trainer.estimator.import {path}: only {', '.join(TRUSTED_MODULES)}* are trusted; use "
            "trainer.container for code of your own.",
        )
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise JobFailed(
            "EstimatorNotFound",
            f"trainer.estimator.import {path} does not import: {error}; mend the path, or use an "
            "image that has the package.",
        ) from error
    if not (inspect.isclass(found) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise JobFailed("EstimatorInvalid", f"{path} is not an estimator with fit and predict.")
    return found


def _made(kind: Any, path: str, values: Mapping[str, Any], task: str) -> Any:
    from sklearn.base import is_classifier, is_regressor

    try:
        estimator = kind(**values)
        fits = is_classifier(estimator) if task == "Classification" else is_regressor(estimator)
    except (TypeError, ValueError, AttributeError) as error:
        raise JobFailed("EstimatorParamsInvalid", f"{path}: {error}") from error
    if not fits:
        raise JobFailed(
            "EstimatorInvalid",
            f"{path} is not a {_KINDS[task]}, which question.task {task} needs.",
        )
    return estimator


def _by_class(weights: Mapping[str, Any], classes: Sequence[Any]) -> dict[Any, Any]:
    """Return weights by class: JSON knows text alone as a key, and writes `true` for True."""
    named = {json.dumps(each).strip('"'): each for each in classes} | {str(c): c for c in classes}
    return {named.get(text, text): weight for text, weight in weights.items()}


def _value(raw: Any) -> Any:
    """Read `"0.1"`, `"true"`, `"null"` and `"[1, 2]"` as JSON; anything else is text."""
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw
