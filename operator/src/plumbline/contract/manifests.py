"""The manifests that Jobs write to the store: how they are written and read.

A Job builds a `Record` and writes its `wire`. The manifest is named by the digest of its canonical
bytes, so the same content must give the same bytes in every release. Other steps read the complete
record; a plan reads only the part that goes into a status: `DatasetResult`, `TrainingResult` or
`ModelResult`. Manifests of older releases lack fields and those of newer releases have more; both
can be read.
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
    """A part of a manifest in which fields that were not set are left out."""

    @model_serializer(mode="wrap")
    def _set_fields(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if name in self.model_fields_set}


RecordT = TypeVar("RecordT", bound=Record)


def read(kind: type[RecordT], content: Manifest) -> RecordT:
    """Return a manifest.

    Raises:
        ValueError: it has another kind, or does not have the form that its Job should write.
    """
    # Parts of a spec refuse unknown fields; here a newer release may have added some.
    return kind.model_validate(content, extra="ignore")


def read_or_none(kind: type[RecordT], content: Manifest | None) -> RecordT | None:
    """Return the manifest; None if it does not have the form that its Job should write.

    Messages are cut to the length that a status allows. NaN and infinity are refused, because the
    API server cannot store them.
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
    """Cut the messages to the length that the CRD allows in a status."""
    found = dict(content)
    for name, limit in (("violations", 512), ("warnings", 512), ("gates", 1024)):
        lines = found.get(name)
        if isinstance(lines, list):
            found[name] = [_cut(line, limit) for line in lines]
    return found


def _cut(line: Any, limit: int) -> Any:
    if not isinstance(line, dict) or not isinstance(line.get("message"), str):
        return line
    return {**line, "message": line["message"][:limit]}
