"""The share of one single value in a window: it is large for a stuck sensor or a default value.

Numbers are counted in sixteen cells by a hash of their leading bits (six digits), so that a
repeated value fills one cell; categories have a cell each already. The reference's windows of the
same number of rows, in time order, show how full the fullest cell normally is: an hour has one
weather, so one value may fill a hundred rows, but never a thousand.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import VALUE_CELLS, Counts, Spikes

FIRST_SIZE, MIN_WINDOWS, MOST_LOOKED_AT = 64, 6, 512
# Fibonacci hashing: multiply by 2**32 divided by the golden ratio, and keep the top four bits.
_SPREAD, _KEEP = np.uint32(0x9E3779B1), np.uint32(32 - (VALUE_CELLS - 1).bit_length())
_PLACES = (
    np.arange(MOST_LOOKED_AT) + np.random.default_rng(0).random(MOST_LOOKED_AT)
) / MOST_LOOKED_AT


def value_cells(values: NDArray[np.float64]) -> Counts:
    """Return how many numbers are in each cell; missing values are in none.

    Of more than 512 numbers, 512 are counted: one at a varying place in each equal part, since an
    even grid could match a period in the rows.
    """
    if len(values) > MOST_LOOKED_AT:
        values = values[(_PLACES * len(values)).astype(np.int64)]
    return np.bincount(cells_of(values[values == values]), minlength=VALUE_CELLS)


def cells_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of each number."""
    leading = (np.ascontiguousarray(values).view(np.uint64) >> np.uint64(32)).astype(np.uint32)
    return np.asarray((leading * _SPREAD) >> _KEEP, dtype=np.int64)


def spikes(cells: NDArray[np.int64], width: int) -> Spikes:
    """Return the largest share of one cell in windows of rows, for doubling window sizes.

    Args:
        cells: cell of each row in time order; cells from `width` on are ignored.
        width: number of cells that are used.

    Returns:
        Rows of a window, largest share of one cell, overdispersion of the cells.
    """
    found, size = [], FIRST_SIZE
    windows = _windows(np.minimum(cells, width), width + 1)
    shares = windows.sum(axis=0) / max(1, windows.sum())
    while len(windows) >= MIN_WINDOWS:
        largest = max(1.0, float(windows[:, :width].max())) / size
        found.append((size, round(largest, 4), _overdispersion(windows, shares * size)))
        even = windows[: len(windows) // 2 * 2]
        windows, size = even[0::2] + even[1::2], size * 2
    return tuple(found)


def _windows(cells: NDArray[np.int64], width: int) -> Counts:
    """Return the counts of each window of the first size."""
    number = len(cells) // FIRST_SIZE
    window = np.repeat(np.arange(number), FIRST_SIZE)
    flat = window * width + cells[: len(window)]
    return np.bincount(flat, minlength=number * width).reshape(number, width)


def _overdispersion(windows: Counts, expected: NDArray[np.float64]) -> float:
    """Return the mean chi-square per degree of freedom plus three standard errors; at least 1."""
    held = expected > 0
    freedom = max(1, int(held.sum()) - 1)
    ratios = ((windows[:, held] - expected[held]) ** 2 / expected[held]).sum(axis=1) / freedom
    return round(careful_mean(ratios), 4)


def careful_mean(ratios: NDArray[np.float64]) -> float:
    """Return the mean of chi-square per degree of freedom plus three standard errors; at least 1.

    There may be few windows, and too small a value would raise false alarms.
    """
    error = float(ratios.std(ddof=1)) / math.sqrt(len(ratios))
    return max(1.0, float(ratios.mean()) + 3 * error)
