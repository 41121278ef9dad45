"""Digests of rows, which do not depend on files, order, format or compression."""

import hashlib
import json
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from plumbline.api.v1alpha1.dataset import DataSchema

Hashes = NDArray[np.uint64]
_MODULUS = 1 << 128
# The texts are many times as large as the rows, so they are never all in memory at once.
_ROWS_AT_ONCE = 100_000


def row_texts(frame: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """Return one unambiguous text for each row: the named columns as `length:value`, `~` for null.

    Floats are written as their bits: a library may print them differently in its next version, and
    the digest must stay.
    """
    fields = [_field(frame[name]) for name in names]
    return pl.DataFrame(fields).select(pl.concat_str(pl.all()).alias("text")).to_series()


def texts_by_slice(frame: pl.DataFrame, names: Iterable[str]) -> Iterator[pl.Series]:
    """Yield the texts of all rows, some rows at a time."""
    wanted = list(names)
    return (row_texts(part, wanted) for part in frame.iter_slices(_ROWS_AT_ONCE))


def row_hashes(frame: pl.DataFrame) -> Hashes:
    """Return two 64-bit words for each row, the lower first; the order of columns has no effect."""
    found = b"".join(_hashed(texts) for texts in texts_by_slice(frame, sorted(frame.columns)))
    return np.frombuffer(found, "<u8").reshape(-1, 2)


def _hashed(texts: pl.Series) -> bytes:
    return b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)


def copies(hashes: Hashes) -> int:
    """Return how many rows are copies of another."""
    return len(hashes) - pl.DataFrame({"low": hashes[:, 0], "high": hashes[:, 1]}).n_unique()


def rows_digest(schema: DataSchema, hashes: Hashes) -> str:
    """Return the digest of a set of rows with this schema; their order has no effect."""
    low, high = (_total(hashes[:, word]) for word in (0, 1))
    total = (low + (high << 64)) % _MODULUS
    columns = sorted([column.name, column.type] for column in schema.columns)
    content = json.dumps(columns, separators=(",", ":")).encode() + total.to_bytes(16, "little")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _total(words: Hashes) -> int:
    """Return the exact sum: 64 bits would overflow, so the two halves are added separately."""
    half = np.uint64(32)
    return int((words & np.uint64(0xFFFFFFFF)).sum()) + (int((words >> half).sum()) << 32)


def _field(column: pl.Series) -> pl.Series:
    text = _text(column)
    length = text.str.len_bytes().cast(pl.String)
    return (length + ":" + text).fill_null("~").rename(column.name)


def _text(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Float64:
        return _bits(column).cast(pl.String)
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int64).cast(pl.String)
    if isinstance(column.dtype, pl.Datetime):
        return column.to_physical().cast(pl.String)
    return column.cast(pl.String)


def _bits(column: pl.Series) -> pl.Series:
    """Return the IEEE bits of floats as integers; minus zero is zero."""
    values = np.ascontiguousarray(column.fill_null(0.0).to_numpy()) + 0.0
    bits = pl.Series(column.name, values.view(np.int64))
    return bits.set(column.is_null(), None)
