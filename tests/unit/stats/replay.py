"""Real rows as traffic, fifty a second; read once, and changed by nobody."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.count import count
from plumbline.stats.reference import category_bins, number_bins
from plumbline.stats.windows import SCALES

from demo import flights

RATE = 50


@cache
def table() -> pd.DataFrame:
    """Return all flights."""
    return flights.table()


@cache
def taught(months: tuple[int, ...]) -> Layout:
    """Return what a model of these months has learnt, without the days that are held back."""
    rows = table()
    return layout_of(rows[rows["month"].isin(months) & ~flights.held_back(rows)])


def held_back(months: tuple[int, ...]) -> pd.DataFrame:
    """Return the days of these months that no model has learnt from."""
    rows = table()
    return rows[rows["month"].isin(months) & flights.held_back(rows)]


def layout_of(rows: pd.DataFrame) -> Layout:
    """Return what the rows teach, as the reference of a model."""
    found = [
        category_bins(name, values) if name in flights.TEXT else number_bins(name, values)
        for name, values in flights.columns(rows).items()
    ]
    return Layout([bins for bins in found if bins is not None])


def seconds(layout: Layout, rows: pd.DataFrame) -> Iterator[tuple[int, Counts]]:
    """Replay rows in time order: rows sent so far, and the counts of the seconds that are kept."""
    kept: list[Counts] = []
    for start in range(0, len(rows), RATE):
        kept.append(count(layout, flights.columns(rows.iloc[start : start + RATE])))
        yield start + RATE, np.array(kept[-SCALES[-1] :])
