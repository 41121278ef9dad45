"""The features of a model: its columns, and how each of them is treated."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from plumbline.api.v1alpha1.dataset import Column
from plumbline.contract import model_json
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.jobs.data.texts import texts
from plumbline.jobs.failures import JobFailed

Feature = Mapping[str, Any]
Arrays = dict[str, "np.ndarray[Any, Any]"]

_TYPES: dict[str, Literal["number", "boolean", "category"]] = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "string": "category",
}


def features_of(manifest: DatasetManifest, asked: Sequence[str], target: str) -> list[Feature]:
    """Return the features that a run names, in its order; all possible ones if it names none.

    Raises:
        JobFailed: a feature is not in the data, is the target, is a timestamp, or is named twice.
    """
    declared = {column.name: column for column in manifest.schema_.columns}
    names = list(asked) or _all(manifest, target)
    if twice := [name for name in names if names.count(name) > 1]:
        message = f"spec.features names {twice[0]} twice. Name it once."
        raise JobFailed("FeatureUnusable", message)
    for name in names:
        _check(name, declared, target)
    if not names:
        raise JobFailed(
            "FeaturesMissing", "No column is left to learn from. Name columns in spec.features."
        )
    return [_feature(declared[name]) for name in names]


def model_input(frame: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Return the input of a model: floats for numbers and booleans, text for categories."""
    return pl.DataFrame([_model_column(frame[each["name"]], each["type"]) for each in features])


def _model_column(values: pl.Series, kind: str) -> pl.Series:
    """Return one column; numbers become texts if the schema changed since the model was trained."""
    return texts(values) if kind == "category" else values.cast(pl.Float64)


def arrays(frame: pl.DataFrame) -> Arrays:
    """Return the input of a model as arrays: float64 and NaN, or objects and None, for missing."""
    return {column.name: column.to_numpy() for column in frame.get_columns()}


def _all(manifest: DatasetManifest, target: str) -> list[str]:
    """Return all columns without target, timestamps, primary key, group and personal data."""
    schema = manifest.schema_
    group = manifest.holdout.column if manifest.holdout else None
    left_out = {target, schema.time_column, group, *schema.primary_key}
    return [
        column.name
        for column in schema.columns
        if column.name not in left_out and column.type in _TYPES and not column.personal
    ]


def _check(name: str, declared: Mapping[str, Column], target: str) -> None:
    if name == target:
        raise JobFailed(
            "FeatureIsTarget", f"Feature {name} is the target. Leave it out of spec.features."
        )
    if name not in declared:
        raise JobFailed(
            "FeatureMissing",
            f"Feature {name} of spec.features is not a column of the data. The columns are "
            f"{', '.join(list(declared)[:12])}.",
        )
    if declared[name].type not in _TYPES:
        raise JobFailed(
            "FeatureUnusable",
            f"Feature {name} is a {declared[name].type}; models take numbers, booleans and texts. "
            "Derive numbers from it in the data, such as hour or weekday.",
        )


def _feature(column: Column) -> Feature:
    return model_json.wire(
        model_json.Feature(
            name=column.name,
            type=_TYPES[column.type],
            integer=column.type == "integer",
            nullable=column.nullable,
            min=column.min,
            max=column.max,
            values=column.values or None,
            pattern=column.pattern,
            personal=column.personal,
        )
    )
