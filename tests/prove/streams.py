"""Made rows of which the truth is known, fifty a second: independent ones, and others."""

from collections.abc import Callable, Iterator

import numpy as np
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.count import count
from plumbline.stats.reference import number_bins

RATE = 50
Stream = Callable[[np.random.Generator, int], np.ndarray]


def independent(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return independent normal rows."""
    return rng.normal(size=rows)


def autocorrelated(rng: np.random.Generator, rows: int, *, memory: float = 0.95) -> np.ndarray:
    """Return normal rows of which each keeps most of the one before: AR(1)."""
    noise = rng.normal(size=rows) * np.sqrt(1 - memory**2)
    found, value = np.empty(rows), rng.normal()
    for row, each in enumerate(noise):
        found[row] = value = memory * value + each
    return found


def hourly(rng: np.random.Generator, rows: int, *, together: int = 40) -> np.ndarray:
    """Return rows of which forty at a time share most of their value, as an hour its weather."""
    hours = rng.normal(size=rows // together + 1)
    return np.sqrt(0.8) * np.repeat(hours, together)[:rows] + np.sqrt(0.2) * rng.normal(size=rows)


def rare(rng: np.random.Generator, rows: int, *, together: int = 50) -> np.ndarray:
    """Return rows that are zero but for one hour in twenty, as rain is; no hour is a record."""
    hours = np.minimum(rng.exponential(size=rows // together + 1), 1.5)
    hours[rng.random(len(hours)) >= 0.05] = 0.0
    return np.repeat(hours, together)[:rows]


def columns(
    stream: Stream, rng: np.random.Generator, rows: int, number: int
) -> dict[str, np.ndarray]:
    """Return several columns of a stream."""
    return {f"c{n}": stream(rng, rows) for n in range(number)}


def layout_of(batch: dict[str, np.ndarray]) -> Layout:
    """Return what these rows teach as a reference."""
    bins = [number_bins(name, values) for name, values in batch.items()]
    return Layout([each for each in bins if each is not None])


def seconds(layout: Layout, batch: dict[str, np.ndarray]) -> Counts:
    """Return the counts of each second."""
    return np.array(list(_seconds(layout, batch)))


def _seconds(layout: Layout, batch: dict[str, np.ndarray]) -> Iterator[Counts]:
    rows = len(next(iter(batch.values())))
    for start in range(0, rows, RATE):
        yield count(layout, {n: values[start : start + RATE] for n, values in batch.items()})
