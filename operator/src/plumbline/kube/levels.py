"""Reads JSON of any depth; of an object that is nested too deeply, only the metadata.

Every JSON parser has a limit for nesting. One such object must not make a complete page or watch
unreadable. Therefore the text is cut where it is too deep, and the object is marked.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json, to_json

# The limit of `from_json`. A usual object has a tenth of these levels.
LEVELS = 200
UNREADABLE = "plumbline.dev/unreadable"
# Replaces what is too deep, so that `_lacks_a_part` finds the objects that were cut.
CUT = b'"plumbline.dev/cut"'
# A string, or brackets in a row; those inside a string do not count.
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]+|[\]}]+', re.DOTALL)
Object = dict[str, Any]


def read(text: bytes | str) -> Any:
    """Return the value of a JSON text; objects that are too deep keep only their metadata.

    Raises:
        ValueError: the text is not JSON.
    """
    try:
        return from_json(text)
    except ValueError:
        shallow = _cut(text.encode() if isinstance(text, str) else text)
        if shallow is None:
            raise
    return _without_cut_objects(from_json(shallow))


def shallow_line(line: bytes) -> bytes:
    """Return a line that any parser can read: the line itself, unless it is too deep."""
    if line.count(b"[") + line.count(b"{") <= LEVELS:
        return line  # true for most lines, and cheap to check
    try:
        from_json(line)
    except ValueError:
        return line if _cut(line) is None else to_json(read(line))
    return line


def is_unreadable(obj: Any) -> bool:
    """Return whether an object was cut because it is too deep."""
    return UNREADABLE in obj


def _cut(text: bytes) -> bytes | None:
    """Return the text with everything below the last level replaced; None if nothing is below."""
    parts, end = list[bytes](), 0
    for first, last in _too_deep(text):
        parts += [text[end:first], CUT]
        end = last
    return b"".join((*parts, text[end:])) if parts else None


def _too_deep(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each part that is below the last level."""
    depth, first = 0, 0
    for token in TOKEN.finditer(text):
        before, size = depth, token.end() - token.start()
        match token[0][:1]:
            case b"[" | b"{":
                depth += size
                if before <= LEVELS < depth:
                    first = token.start() + LEVELS - before
            case b"]" | b"}":
                depth -= size
                if depth <= LEVELS < before:
                    yield first, token.start() + before - LEVELS


def _without_cut_objects(answer: Object) -> Object:
    """Return a response (list, watch event or object) in which cut objects have only metadata."""
    if isinstance(items := answer.get("items"), list):
        return {**answer, "items": [_only_metadata_if_cut(item) for item in items]}
    if isinstance(obj := answer.get("object"), dict):
        return {**answer, "object": _only_metadata_if_cut(obj)}
    return _only_metadata_if_cut(answer)


def _only_metadata_if_cut(obj: Object) -> Object:
    return _only_metadata(obj) if _lacks_a_part(obj) else obj


def _only_metadata(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k != "managedFields"}
    kept = {k: v for k, v in obj.items() if k in ("apiVersion", "kind")}
    return {**kept, "metadata": metadata, UNREADABLE: f"more than {LEVELS} levels"}


def _lacks_a_part(obj: Object) -> bool:
    waiting: list[Any] = [obj]
    mark = from_json(CUT)
    while waiting:
        match waiting.pop():
            case dict() as fields:
                waiting += fields.values()
            case list() as items:
                waiting += items
            case value if value == mark:
                return True
    return False
