"""When the rows of a table come, and in which order."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from plumbline.cli.exits import Refused
from plumbline.cli.tables import Table
from plumbline.jobs.data.types import typed
from plumbline.jobs.data.violations import counted, row_numbers

_FIRST_ROWS = 3


class Arrivals(NamedTuple):
    """When rows come.

    Attributes:
        seconds: second of the epoch of each row, in order of time.
        places: place of each in the table; None if the table is in this order.
    """

    seconds: NDArray[np.int64]
    places: pl.Series | None


def arrivals(table: Table, time: str | None, rate: float) -> Arrivals:
    """Return when the rows of a table come.

    Args:
        table: the rows.
        time: column with their time: timestamps, or seconds of the epoch; None if there is none.
        rate: rows a second without it.
    """
    if time is None:
        return Arrivals(np.floor(np.arange(table.frame.height) / rate).astype(np.int64) + 1, None)
    found = _seconds(table, time)
    places = np.argsort(found.to_numpy(), kind="stable")
    return Arrivals(found.to_numpy()[places], pl.Series(places))


def _seconds(table: Table, time: str) -> pl.Series:
    values, kind = table.frame[time], table.types[time]
    if kind == "string" and not (converted := typed(values, "timestamp")).bad.any():
        values, kind = converted.values, "timestamp"
    if kind not in ("timestamp", "number"):
        raise Refused(
            f"{table.name}: column {time} has neither times nor numbers. Write times as ISO 8601, "
            "such as 2024-01-31T12:00:00Z, or as seconds since 1970."
        )
    _refuse(table, time, values.is_null(), "without a time")
    if kind == "timestamp":
        found = values.dt.epoch("s")
    else:
        _refuse(table, time, values.abs() > 2**40, "that is not in seconds since 1970")
        found = values.floor().cast(pl.Int64)
    _refuse(table, time, found < 1, "before 1970")
    return found


def _refuse(table: Table, time: str, wrong: pl.Series, what: str) -> None:
    if rows := int(wrong.sum()):
        first = [place + 1 for place in wrong.arg_true()[:_FIRST_ROWS].to_list()]
        raise Refused(
            f"{table.name}: column {time} has {counted(rows, 'row')} {what} "
            f"({row_numbers(rows, first)}). Fix them, or leave them out."
        )
