"""Which of two versions of an object is the newer one.

Kubernetes promises that resourceVersions of one kind can be compared as numbers. If a server has
versions that are not numbers, a different version counts as newer.
"""

from collections.abc import Hashable, Mapping
from typing import Any


class WentBack(Exception):
    """The server's data is older than it was: it was restored, and nothing known of it holds."""


class Reached:
    """The version of the newest list of each kind."""

    def __init__(self) -> None:
        """Start empty."""
        self._versions: dict[Hashable, str] = {}

    def reach(self, listed: Hashable, version: str) -> None:
        """Note a new list of these objects.

        Raises:
            WentBack: an earlier list was newer. Versions are given again then, to other contents,
                so the process must begin anew.
        """
        before = self._versions.get(listed, "")
        if version.isdecimal() and is_newer(before, than=version):
            raise WentBack(f"a list is of version {version}, and an earlier one was of {before}")
        self._versions[listed] = version


def version_of(obj: Mapping[str, Any]) -> str:
    """Return the resourceVersion of an object, empty when it has none."""
    return obj["metadata"].get("resourceVersion") or ""


def is_newer(version: str, *, than: str) -> bool:
    """Return whether the first version came after the second."""
    try:
        return int(version or 0) > int(than or 0)
    except ValueError:
        return version != than
