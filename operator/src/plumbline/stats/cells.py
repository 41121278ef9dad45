"""Which cells a column has: chosen from the reference, so that chance does not choose them.

A cell that was chosen because many rows of the reference are in it has fewer of the live rows. So
no cell is chosen by rank: a value has its own cell if the column has few values, or if so many rows
have it that chance hardly matters. The other categories are in cells by hash, and the other numbers
in cells between their deciles.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DECILES = 10
# The outer cells begin so many ranges of the reference outside it.
BEYOND, FAR_BEYOND = 0.1, 3.0
OUTER = 2
# A column has few values if it has at most so many, and so many rows for each.
FEW, ROWS_OF_EACH = 50, 20
# Otherwise a category needs so many rows, and such a share, for its own cell.
OWN_ROWS, OWN_SHARE = 50, 1 / 50
HASHED, KNOWN = 10, 1000
_MOST = float(np.finfo(np.float64).max)
_HASHES = 2**64
# The bits of a float64's fraction that a float32 lacks.
_LACKING = np.uint64(29)
_HALF = np.uint64(1 << 28)


class Categories(NamedTuple):
    """The cells of a category column.

    Attributes:
        own: values with a cell of their own.
        known: other values of the reference.
        share: share of all other texts, by hash, of which `known` has those of the reference.
    """

    own: tuple[str, ...]
    known: frozenset[str]
    share: float


def number_edges(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the edges of a number column: outer, inner, outer.

    The edges are in the middle between neighbouring values. So a value that an engine or a float32
    file gives with other last digits stays in its cell.
    """
    low, high = float(values.min()), float(values.max())
    margin = BEYOND * high - BEYOND * low or max(1.0, abs(high)) * BEYOND
    far = min(margin * (FAR_BEYOND / BEYOND), _MOST)
    below = max(low / 2 - far / 2, -_MOST / 2) * 2, max(low - margin, -_MOST)
    above = min(high + margin, _MOST), min(high / 2 + far / 2, _MOST / 2) * 2
    return (*below, *_inner(values), *above)


def _inner(values: NDArray[np.float64]) -> list[float]:
    first, last, rows = _groups(values)
    own = np.full(len(rows), fill_value=_are_few(len(rows), len(values)))
    own |= rows * DECILES >= len(values)
    others = np.cumsum(np.where(own, 0, rows))
    deciles = np.searchsorted(others, others[-1] * np.arange(1, DECILES) / DECILES)
    alone = np.flatnonzero(own)
    after = np.unique([*alone - 1, *alone, *(deciles if others[-1] else ())]).astype(np.int64)
    after = after[(after >= 0) & (after < len(rows) - 1)]
    middles = last[after] / 2 + first[after + 1] / 2
    edges = np.where(middles < first[after + 1], middles, last[after])
    return list(map(float, edges))


def _groups(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the first and the last of values that a float32 cannot tell apart, and their rows."""
    distinct, rows = np.unique(values + 0.0, return_counts=True)
    keys = (distinct.view(np.uint64) + _HALF) >> _LACKING
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    ends = np.append(starts[1:], len(distinct)) - 1
    return distinct[starts], distinct[ends], np.add.reduceat(rows, starts)


def categories(rows: Mapping[str, int]) -> Categories:
    """Return the cells of a category column.

    Args:
        rows: rows of each value in the reference.
    """
    total = sum(rows.values())
    needed = 2.0 if _are_few(len(rows), total) else max(OWN_ROWS, OWN_SHARE * total)
    own = sorted(
        (text for text in rows if rows[text] >= needed), key=lambda each: (-rows[each], each)
    )
    others = rows.keys() - set(own)
    share = min(1.0, KNOWN / max(1, len(others)))
    return Categories(tuple(own), frozenset(t for t in others if place(t) < share), share)


def place(text: str) -> float:
    """Return a number from 0 to 1 that stands for a text."""
    return _hash(text) / _HASHES


def hashed_cell(text: str, cells: int) -> int:
    """Return the cell of a text that has none of its own."""
    return _hash(text) % cells


def _hash(text: str) -> int:
    content = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())


def _are_few(values: int, rows: int) -> bool:
    return values <= FEW and rows >= ROWS_OF_EACH * values
