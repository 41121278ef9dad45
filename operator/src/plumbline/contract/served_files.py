"""The files in a Model manifest, read without pydantic, because a model server reads them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct


class File(Struct, frozen=True):
    """A file of a compiled model: its name, and the digest of the blob with its content."""

    path: str
    blob: str


class _Model(Struct):
    files: list[File]


class _Manifest(Struct):
    kind: str = ""
    model: _Model | None = None


def files_of(manifest: Mapping[str, Any]) -> list[File]:
    """Return the files of a model.

    Raises:
        ValueError: the manifest has another kind, or names no files.
    """
    found = msgspec.convert(manifest, type=_Manifest)
    if found.kind != "Model":
        raise ValueError(f"it is a {found.kind or 'manifest without a kind'}, not a Model")
    if found.model is None:
        raise ValueError("it names no files")
    return found.model.files
