"""JSON with more levels than Python can hold: written as a mark, sent as what it stands for."""

import json
import re
from typing import Any

MARK = re.compile(r'"levels:(\d+)"')


def of(number: int) -> str:
    """Return what stands for a value of this many levels in an object of the store."""
    return f"levels:{number}"


def sent(value: Any) -> bytes:
    """Return the JSON of a value as it goes over the wire."""
    text = json.dumps(value)
    return (MARK.sub(_spread, text) if "levels:" in text else text).encode()


def _spread(mark: "re.Match[str]") -> str:
    number = int(mark[1])
    return "[" * number + "]" * number
