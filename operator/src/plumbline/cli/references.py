"""The reference that the profile Job would make of a table."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from plumbline.api.v1alpha1.dataset import Column, DataSchema
from plumbline.cli.tables import Table
from plumbline.jobs.profiling.references import reference
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.reference import MIN_WINDOWS

_ORDER = "order"
# Factor by which overdispersion grows when windows double, and standard errors that chance allows.
GROWS, ERRORS = 1.1, 3
DOUBLINGS = 32
# Evenness of windows of a few blocks of like rows, see `stats.mixture`.
UNEVEN = 0.1
# Types whose columns are compared.
COMPARED = ("number", "boolean", "string")


def bins_of(table: Table, names: Iterable[str], order: pl.Series | None) -> list[ColumnBins]:
    """Return the bins of columns; a column without values, or of free text, has none.

    Args:
        table: the table.
        names: columns of it.
        order: what the rows are in order of; without it they are taken in an order by hash.
    """
    found = [_bins(table, name, order) for name in names]
    return [each for each in found if each is not None]


def _bins(table: Table, name: str, order: pl.Series | None) -> ColumnBins | None:
    kind = table.types[name]
    if kind not in COMPARED:
        return None
    values, times = table.frame[name], order
    if (bad := table.bad.get(name)) is not None:
        values, times = values.filter(~bad), None if order is None else order.filter(~bad)
    rows = values.alias("values").to_frame()
    if times is not None:
        rows = rows.with_columns(times.alias(_ORDER))
    none = pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True)
    made = reference(rows, none, _schema(kind, ordered=times is not None), None).columns
    return replace(ColumnBins.from_json(made[0]), name=name) if made else None


def cautious(bins: ColumnBins) -> ColumnBins:
    """Return bins whose likeness is no smaller than the reference can show.

    - If overdispersion still grows at the longest known windows, more rows tell no more.
    - Few rows do not show whether a few blocks of like rows decide; it is assumed that they do.

    A monitor needs no such caution: the live rows show it the rest.
    """
    known = bins.overdispersion
    if not _are_alike(bins):
        return bins
    if all(even == 1.0 for _, _, even in known):
        known = tuple((size, factor, UNEVEN) for size, factor, _ in known)
    size, factor, even = known[-1]
    grows = len(known) == 1 or factor >= GROWS * known[-2][1]
    longer = [(size << k, factor * 2**k, min(even, UNEVEN)) for k in range(1, DOUBLINGS)]
    return replace(bins, overdispersion=(*known, *(longer if grows else ())))


def _are_alike(bins: ColumnBins) -> bool:
    """Return whether windows of any size vary more than those of independent rows do by chance.

    Overdispersion has three standard errors in it already.
    """
    df = max(1, int(np.count_nonzero(bins.counts)) - 1)
    return any(
        factor > 1 + 2 * ERRORS * math.sqrt(2 * size / (df * bins.rows))
        for size, factor, _ in bins.overdispersion
    )


def longest_known(bins: ColumnBins) -> int:
    """Return the rows of the longest windows of which the reference has several."""
    sizes = [size for size, _, _ in bins.overdispersion if size * MIN_WINDOWS <= bins.rows]
    return max(sizes, default=bins.rows)


def _schema(kind: str, *, ordered: bool) -> DataSchema:
    # Not validated: a file may have longer names and more columns than a Dataset.
    types: dict[str, Any] = {"values": kind, **({_ORDER: "timestamp"} if ordered else {})}
    columns = [Column.model_construct(name=name, type=each) for name, each in types.items()]
    return DataSchema.model_construct(columns=columns, time_column=_ORDER if ordered else None)


def batch(table: Table, layout: Layout) -> dict[str, NDArray[Any]]:
    """Return the values of a table's columns, as counts need them, without values of other types.

    Categories are objects, and equal ones are the same object.
    """
    return {
        each.name: values_of(table, each) for each in layout.columns if each.name in table.types
    }


def values_of(table: Table, bins: ColumnBins) -> NDArray[Any]:
    """Return the values of one column that are not of another type."""
    values, bad = table.frame[bins.name], table.bad.get(bins.name)
    return as_array(values if bad is None else values.filter(~bad), bins)


def as_array(values: pl.Series, bins: ColumnBins) -> NDArray[Any]:
    """Return numbers as floats with NaN, categories as texts with None."""
    if bins.kind == "number":
        return values.cast(pl.Float64).to_numpy()
    known = values.unique().drop_nulls()
    places: Mapping[Any, int] = dict(zip(known.to_list(), range(len(known)), strict=True))
    texts = np.array([*known.to_list(), None], dtype=object)
    found = values.replace_strict(places, default=len(known), return_dtype=pl.Int64)
    return np.asarray(texts[found.to_numpy()])
