"""The check that compiled and trained model agree: on held-out rows, a sample and edge cases."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from msgspec.structs import replace

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Sample
from plumbline.jobs.compiling import answers
from plumbline.jobs.compiling.compiled import write_model
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.training.features import Feature

TOLERANCE = 1e-9
_FAR = 1e9
_SAMPLE_ROWS = 20
# A single row takes a single path through each tree, so an edge case is tried with several rows.
_BASES, _MOST_EDGE_ROWS = 30, 2_000


def prove_equal(
    model: Any, features: Sequence[Feature], tables: Sequence[pl.DataFrame], folder: Path
) -> float:
    """Return the largest difference between the trained and the compiled model.

    Raises:
        JobFailed: it is larger than rounding explains.
    """
    worst = max(_difference(model, features, table, folder) for table in tables)
    if worst > TOLERANCE:
        raise JobFailed(
            "CompiledDiffers",
            f"The predictions of the compiled and the trained model differ by {worst:.2g}; the "
            f"limit is {TOLERANCE:g}. Use another estimator, and report this as a bug.",
        )
    return worst


def add_sample(folder: Path, table: pl.DataFrame, features: Sequence[Feature]) -> None:
    """Add a few rows and their predictions to model.json; a server checks its model with them."""
    few = _without_personal(table.head(_SAMPLE_ROWS), features)
    outputs = answers.of_compiled(folder, few, features)
    path = folder / layout.MODEL_FILE
    rows = [list(row) for row in few.rows()]
    sample = Sample(inputs=rows, outputs=outputs.tolist())
    write_model(folder, replace(model_json.read(path.read_bytes()), sample=sample))


def edge_rows(sample: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Return rows for each edge case of each feature, otherwise equal to rows of the sample."""
    edges = [(feature["name"], value) for feature in features for value in _edges(feature)]
    bases = sample.head(max(1, min(_BASES, _MOST_EDGE_ROWS // max(1, len(edges))))).to_dicts()
    rows = [{**base, name: value} for name, value in edges for base in bases]
    return pl.DataFrame(rows, schema=_wide(sample), strict=False)


def _edges(feature: Feature) -> Iterator[Any]:
    if feature["nullable"]:
        yield None
    if feature["type"] == "category":
        yield from ("", "never seen before", *(feature["values"] or ())[:3])
    elif feature["type"] == "boolean":
        yield from (False, True)
    else:
        low, high = feature["min"], feature["max"]
        yield from (-_FAR if low is None else low, _FAR if high is None else high, 0)


def _wide(sample: pl.DataFrame) -> dict[str, pl.DataType]:
    """Return the types of the columns, with integers as floats: an edge may have a fraction."""
    return {
        name: pl.Float64() if dtype.is_numeric() else dtype for name, dtype in sample.schema.items()
    }


def _difference(
    model: Any, features: Sequence[Feature], table: pl.DataFrame, folder: Path
) -> float:
    """Return the difference on the rows that the trained model can predict."""
    try:
        wanted, rows = answers.of_fitted(model, table, features), table
    except ValueError:
        # Some estimators refuse missing values; then each row is tried alone.
        rows = pl.concat([table.head(0), *_answerable(model, features, table)])
        wanted = answers.of_fitted(model, rows, features) if rows.height else np.zeros((0, 1))
    return (
        answers.difference(wanted, answers.of_compiled(folder, rows, features))
        if rows.height
        else 0.0
    )


def _answerable(
    model: Any, features: Sequence[Feature], table: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    for row in table.iter_slices(1):
        try:
            answers.of_fitted(model, row, features)
        except ValueError:
            continue
        yield row


def _without_personal(rows: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Return the rows with 0 or empty text instead of personal values."""
    hidden = [
        pl.lit("" if feature["type"] == "category" else 0)
        .cast(rows[feature["name"]].dtype)
        .alias(feature["name"])
        for feature in features
        if feature.get("personal")
    ]
    return rows.with_columns(hidden)
