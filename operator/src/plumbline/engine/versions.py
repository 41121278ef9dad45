"""Which of two versions of an object is the newer one.

Kubernetes promises that resourceVersions of one kind can be compared as numbers. If a server has
versions that are not numbers, a different version counts as newer.
"""

from collections.abc import Hashable, Mapping
from typing import Any


class ServerRestored(Exception):
    """The server was restored from a backup, so nothing in the cache can be trusted."""


class ListVersions:
    """The version of the newest list of each kind."""

    def __init__(self) -> None:
        """Start empty."""
        self._versions: dict[Hashable, str] = {}

    def note(self, scope: Hashable, version: str) -> None:
        """Note the version of a new list of this kind in this namespace.

        Raises:
            ServerRestored: an earlier list was newer. The server will reuse these versions for
                other objects, so the process must start again with an empty cache.
        """
        before = self._versions.get(scope, "")
        if version.isdecimal() and is_newer(before, than=version):
            raise ServerRestored(
                f"a list is of version {version}, and an earlier one was of {before}"
            )
        self._versions[scope] = version


def version_of(obj: Mapping[str, Any]) -> str:
    """Return the resourceVersion of an object, empty when it has none."""
    return obj["metadata"].get("resourceVersion") or ""


def is_newer(version: str, *, than: str) -> bool:
    """Return whether the first version came after the second."""
    try:
        return int(version or 0) > int(than or 0)
    except ValueError:
        return version != than
