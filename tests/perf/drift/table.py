"""The rows that are counted: thirty columns, ten of them texts if wanted, larger than any cache."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from plumbline.stats.bins import Layout
from plumbline.stats.reference import category_bins, number_bins

ROWS, COLUMNS, TEXTS, WINDOWS, SEED = 100_000, 30, 10, 10, 7
Batch = dict[str, NDArray[Any]]


def numbers(*, windows: int = WINDOWS) -> list[Batch]:
    """Return windows of normal, skewed, flat and heavy-tailed columns."""
    rng = np.random.default_rng(SEED)
    kinds = (rng.standard_normal, rng.standard_exponential, rng.random, _heavy(rng))
    return [{f"c{n}": kinds[n % len(kinds)](ROWS) for n in range(COLUMNS)} for _ in range(windows)]


def _heavy(rng: np.random.Generator) -> Any:
    return lambda rows: rng.standard_t(4, rows)


def with_texts(batch: Batch) -> Batch:
    """Return the window with texts of 2 to 100 values in place of its last ten columns."""
    rng, found = np.random.default_rng(SEED + 1), dict(batch)
    sizes = (2, 3, 4, 6, 8, 12, 16, 24, 40, 100)
    for name, size in zip(list(batch)[-TEXTS:], sizes, strict=True):
        words = np.array([f"value {n}" for n in range(size)], dtype=object)
        found[name] = words[rng.integers(size, size=ROWS)]
    return found


def layout_of(batch: Batch) -> Layout:
    """Return what a reference of these rows teaches."""
    found = [
        category_bins(name, values) if values.dtype == object else number_bins(name, values)
        for name, values in batch.items()
    ]
    return Layout([bins for bins in found if bins is not None])
