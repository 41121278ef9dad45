"""What Jobs leave in the store: how a manifest is written and read.

A Job builds the model and writes its `wire`, whose canonical bytes are the manifest's digest: the
same content must give the same bytes for ever. Other steps read the whole model; a plan reads the
`Result`, which holds as much as a status can. Manifests of older releases lack fields, those of
newer ones have more: both are read.
"""

import json
from typing import Any, TypeVar

from pydantic import SerializerFunctionWrapHandler, model_serializer

from plumbline.api.meta import Observed
from plumbline.api.objects import Manifest


class Record(Observed):
    """A manifest, or a part of one."""

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object."""
        return self.model_dump(mode="json", by_alias=True)


class Sparse(Record):
    """A part whose fields are written only where they are set."""

    @model_serializer(mode="wrap")
    def _set_fields(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if name in self.model_fields_set}


Kind = TypeVar("Kind", bound=Record)


def read(kind: type[Kind], content: Manifest) -> Kind:
    """Return a manifest.

    Raises:
        ValueError: it is of another kind, or not what its Job should have written.
    """
    return kind.model_validate(content, extra="ignore")


def parsed(kind: type[Kind], content: Manifest | None) -> Kind | None:
    """Return what the manifest says; None when it is not what its Job should have written.

    Numbers that no API can carry (NaN, infinity) count as that too.
    """
    if content is None:
        return None
    try:
        record = read(kind, _bounded(content))
        json.dumps(record.model_dump(), allow_nan=False, default=str)
    except ValueError:
        return None
    return record


def _bounded(content: Manifest) -> dict[str, Any]:
    """Cut the sentences to what a status may hold."""
    found = dict(content)
    for name, limit in (("violations", 512), ("gates", 1024)):
        lines = found.get(name)
        if isinstance(lines, list):
            found[name] = [_cut(line, limit) for line in lines]
    return found


def _cut(line: Any, limit: int) -> Any:
    if not isinstance(line, dict) or not isinstance(line.get("message"), str):
        return line
    return {**line, "message": line["message"][:limit]}
