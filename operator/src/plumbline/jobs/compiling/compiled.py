"""A fitted model as the directory that serving pods load: model.json beside weights or trees."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plumbline.contract import layout
from plumbline.jobs.compiling.inputs import inputs_of
from plumbline.jobs.compiling.linear import write_linear
from plumbline.jobs.compiling.trees import write_trees
from plumbline.jobs.training.families import engine_of
from plumbline.jobs.training.features import Feature

FORMAT = "plumbline/1"


def compile_model(
    model: Any, features: Sequence[Feature], facts: Mapping[str, Any], folder: Path
) -> None:
    """Write the compiled model.

    Args:
        model: fitted.
        features: its columns.
        facts: more for model.json: task, target, reference.
        folder: where to write.

    Raises:
        NotCompilable: it holds something that the serving engines do not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inputs, estimator = inputs_of(model, features)
    engine = _engine(estimator, folder)
    content = {
        "format": FORMAT,
        **facts,
        "classes": classes_of(model),
        "features": [dict(feature) for feature in features],
        "inputs": [each.as_dict() for each in inputs],
        "engine": engine,
    }
    write_model(folder, content)


def write_model(folder: Path, content: Mapping[str, Any]) -> None:
    """Write model.json: strict JSON, so null stands for NaN."""
    (folder / layout.MODEL_FILE).write_text(json.dumps(content, sort_keys=True, allow_nan=False))


def classes_of(model: Any) -> list[Any] | None:
    """Return the classes of a classifier as plain values."""
    classes = getattr(model, "classes_", None)
    return None if classes is None else [_plain(each) for each in classes.tolist()]


def _engine(estimator: Any, folder: Path) -> dict[str, Any]:
    write = {"linear": write_linear, "trees": write_trees}[engine_of(estimator)]
    return write(estimator, folder)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else str(value)
