"""The profile of each column in the manifest; of personal columns it has only counts."""

import math
from datetime import datetime
from typing import Any

import polars as pl

from plumbline.api.v1alpha1.dataset import Column, DataSchema
from plumbline.contract.dataset_manifest import ColumnProfile


def profiles(frame: pl.DataFrame, schema: DataSchema) -> tuple[ColumnProfile, ...]:
    """Return the profile of each declared column."""
    return tuple(_profile(column, frame[column.name]) for column in schema.columns)


def _profile(column: Column, values: pl.Series) -> ColumnProfile:
    counts: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "nulls": values.null_count(),
        "distinct": values.drop_nulls().n_unique(),
    }
    return ColumnProfile(**counts, **({} if column.personal else _extremes(values)))


def _extremes(values: pl.Series) -> dict[str, Any]:
    if values.null_count() == len(values) or values.dtype == pl.String:
        return {}
    if isinstance(values.dtype, pl.Datetime):
        return {"min": _plain(values.min()), "max": _plain(values.max())}
    if values.dtype == pl.Boolean:
        return {"mean": values.mean()}
    return {"min": values.min(), "max": values.max(), "mean": _finite(values.mean())}


def _finite(value: Any) -> float | None:
    """Return the number, or None if it overflowed: JSON has no infinity."""
    return float(value) if value is not None and math.isfinite(value) else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
