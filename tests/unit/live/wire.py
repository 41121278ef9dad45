"""Replies and spans as pods send them."""

from typing import Any

import msgspec
import numpy as np
from plumbline.contract.control import ControlReply, Span
from plumbline.stats.bins import Counts


def span(start: int, rows: int = 0, cells: Counts | None = None, **violations: int) -> Span:
    """Return a second's rows; a violation is named `column_Rule`."""
    places = np.flatnonzero(cells) if cells is not None else np.array([], dtype=np.int64)
    return Span(
        start=start,
        rows=rows,
        cells=places.tolist(),
        counts=cells[places].tolist() if cells is not None else [],
        violations={name.replace("_", "/"): rows for name, rows in violations.items()},
    )


def reply(**keys: Any) -> ControlReply:
    """Return a reply with these keys of the wire, and the least that any has."""
    least = {"boot": "a", "now": 1, "started": 0, "through": 0}
    return msgspec.convert({**least, **keys}, ControlReply)
