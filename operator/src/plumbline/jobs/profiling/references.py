"""The reference for drift: the distribution of each column in the rows that models train on.

`plumbline.stats` has the statistics. This module passes it the columns in time order: rows of about
the same time are alike, and the statistics measure how much. The order of a file is not time: in a
file that is sorted by a column, all neighbours would seem to be alike. So rows without a time, and
rows of the same time, are in an order by hash.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from plumbline.api.v1alpha1.dataset import Column, DataSchema, Question
from plumbline.contract.dataset_manifest import Reference
from plumbline.stats.bins import ColumnBins
from plumbline.stats.cells import KNOWN
from plumbline.stats.reference import category_bins, number_bins

_MOST_TEXT_BYTES = 256 << 10
_MIXING = tuple(np.array([0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53], dtype=np.uint64))


def reference(
    frame: pl.DataFrame, held: pl.Series, schema: DataSchema, question: Question | None
) -> Reference:
    """Return the bins of each column that can be a feature, without personal data and free text."""
    target = question.target if question else None
    order = _in_time(frame, held, schema)
    bins = [
        _bins(column, frame[column.name].gather(order), ordered=schema.time_column is not None)
        for column in schema.columns
        if column.name != target and column.type != "timestamp" and not column.personal
    ]
    return Reference(columns=tuple(each.to_json() for each in bins if each is not None))


def _in_time(frame: pl.DataFrame, held: pl.Series, schema: DataSchema) -> pl.Series:
    """Return the places of the rows to train on, oldest first."""
    rows = _mixed((~held).arg_true())
    if schema.time_column is None:
        return rows
    times = pl.DataFrame({"row": rows, "time": frame[schema.time_column].gather(rows)})
    return times.sort("time", maintain_order=True)["row"]


def _mixed(rows: pl.Series) -> pl.Series:
    """Return rows in an order by hash: by the mixing steps of MurmurHash3's 64-bit finalizer."""
    mixed = np.arange(1, len(rows) + 1, dtype=np.uint64)
    for factor in _MIXING:
        mixed = (mixed ^ (mixed >> np.uint64(33))) * factor
    return rows.gather(np.argsort(mixed, kind="stable"))


def _bins(column: Column, values: pl.Series, *, ordered: bool) -> ColumnBins | None:
    """Return the bins of one column; booleans are the numbers 0 and 1."""
    name = column.name
    if column.type != "string":
        return number_bins(name, values.cast(pl.Float64).to_numpy(), ordered=ordered)
    return None if _is_free_text(values) else category_bins(name, _texts(values), ordered=ordered)


def _is_free_text(values: pl.Series) -> bool:
    """Whether a column is free text, whose values would fill the manifest as categories."""
    lengths = values.unique().drop_nulls().str.len_bytes()
    return int(lengths.top_k(KNOWN).sum()) > _MOST_TEXT_BYTES


def _texts(values: pl.Series) -> NDArray[Any]:
    """Return the texts as an array of objects, in which equal texts share one object."""
    known = values.unique().drop_nulls()
    places = values.replace_strict(known, range(len(known)), default=len(known))
    texts = np.array([*known.to_list(), None], dtype=object)
    return np.asarray(texts[places.to_numpy()])
