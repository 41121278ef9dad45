"""Which of two versions of an object is the newer one.

Kubernetes promises that resourceVersions of one kind can be compared as numbers. A server whose
versions are no numbers gets equality: another version is taken to be newer.
"""

from collections.abc import Mapping
from typing import Any


def version_of(obj: Mapping[str, Any]) -> str:
    """Return the resourceVersion of an object, empty when it has none."""
    return obj["metadata"].get("resourceVersion") or ""


def is_newer(version: str, *, than: str) -> bool:
    """Return whether the first version came after the second."""
    try:
        return int(version or 0) > int(than or 0)
    except ValueError:
        return version != than
