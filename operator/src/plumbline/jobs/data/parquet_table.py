"""A Parquet file as columns of the types that the file has."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from pyarrow import parquet


def read_parquet(path: Path, wanted: Sequence[str]) -> pl.DataFrame:
    """Return the wanted columns.

    Old times of 96 bits are read as microseconds: in nanoseconds, in which Polars reads them, all
    years after 2262 and before 1677 would be the year 2262.
    """
    old = set(_of_96_bits(path)) & set(wanted)
    if not old:
        return pl.read_parquet(path, columns=list(wanted), hive_partitioning=False)
    others = [name for name in wanted if name not in old]
    raw = pl.read_parquet(path, columns=others, hive_partitioning=False)
    file = parquet.ParquetFile(path, coerce_int96_timestamp_unit="us")
    times = pl.DataFrame(file.read(columns=sorted(old)))
    return raw.with_columns(times.get_columns()).select(wanted)


def _of_96_bits(path: Path) -> list[str]:
    columns = parquet.ParquetFile(path).schema
    return [each.path for each in columns if each.physical_type == "INT96"]
