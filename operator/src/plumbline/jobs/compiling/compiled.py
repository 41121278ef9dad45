"""A fitted model as the folder that model servers load: model.json, and weights or trees."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Description, Engine, Reference
from plumbline.jobs.compiling.inputs import inputs_of
from plumbline.jobs.compiling.linear import write_linear
from plumbline.jobs.compiling.trees import write_trees
from plumbline.jobs.training.families import engine_of
from plumbline.jobs.training.features import Feature
from plumbline.jobs.training.inputs import converting


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What model.json says about a model that is not in the model itself."""

    task: str
    target: str


def compile_model(model: Any, features: Sequence[Feature], facts: Facts, folder: Path) -> None:
    """Write the compiled model.

    Args:
        model: fitted.
        features: its columns.
        facts: what else model.json says.
        folder: where to write.

    Raises:
        NotCompilable: it has a part that the engines of the model server do not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inputs, estimator = inputs_of(model, features)
    description = Description(
        format=model_json.FORMAT,
        task=facts.task,
        target=facts.target,
        classes=classes_of(model),
        features=[model_json.read_feature(feature) for feature in features],
        inputs=inputs,
        engine=_engine(estimator, folder),
    )
    write_model(folder, description)


def add_reference(folder: Path, reference: Reference) -> None:
    """Add the distributions that live rows are compared with to model.json."""
    content = (folder / layout.MODEL_FILE).read_bytes()
    write_model(folder, replace(model_json.read(content), reference=reference))


def write_model(folder: Path, description: Description) -> None:
    """Write model.json as strict JSON, in which null stands for NaN."""
    text = json.dumps(model_json.wire(description), sort_keys=True, allow_nan=False)
    (folder / layout.MODEL_FILE).write_text(text)


def classes_of(model: Any) -> list[Any] | None:
    """Return the classes of a classifier as plain values."""
    classes = getattr(model, "classes_", None)
    return None if classes is None else [_plain(each) for each in classes.tolist()]


def _engine(estimator: Any, folder: Path) -> Engine:
    write = write_linear if engine_of(estimator) == "linear" else write_trees
    with converting(type(estimator).__name__):
        return write(estimator, folder)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else str(value)
