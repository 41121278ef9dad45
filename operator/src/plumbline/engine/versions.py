"""Which of two versions of an object is the newer one.

Kubernetes promises that resourceVersions of one kind can be compared as numbers. If a server has
versions that are not numbers, a different version counts as newer.
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
