"""Digests that depend on rows alone: not on files, order, format or compression."""

import hashlib
import json
from collections.abc import Iterable

import numpy as np
import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema

_MODULUS = 1 << 128


def row_texts(frame: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """Return one unambiguous text for each row: the named columns as `length:value`, `~` for null.

    Numbers are written by their bits, so that no library's way to print them can change a digest.
    """
    fields = [_field(frame[name]) for name in names]
    return pl.DataFrame(fields).select(pl.concat_str(pl.all()).alias("text")).to_series()


def row_hashes(frame: pl.DataFrame) -> list[bytes]:
    """Return 16 bytes for each row; columns count by name, whatever their order."""
    texts = row_texts(frame, sorted(frame.columns)).to_list()
    return [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]


def rows_digest(schema: DataSchema, hashes: Iterable[bytes]) -> str:
    """Return the digest of a set of rows of this schema, in whatever order they come."""
    total = sum(int.from_bytes(value, "little") for value in hashes) % _MODULUS
    columns = sorted([column.name, column.type] for column in schema.columns)
    content = json.dumps(columns, separators=(",", ":")).encode() + total.to_bytes(16, "little")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


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
