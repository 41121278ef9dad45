"""Remembers deleted objects for a while, so that an old event cannot bring them back."""

from collections import OrderedDict
from collections.abc import Hashable

from plumbline.engine.versions import is_newer

KEPT = 10_000
# Newer than any resourceVersion, which has 64 bits.
FOR_GOOD = str(2**64)


class Tombstones:
    """The version at which each name, or each uid, was last known to be deleted.

    A name can come back with a newer version: created again, or selected by the watch again. A uid
    that the server no longer has never comes back.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._gone_at: OrderedDict[Hashable, str] = OrderedDict()

    def bury(self, name: Hashable, *, version: str = FOR_GOOD) -> None:
        """Remember that this was deleted at this version, or for ever."""
        before = self._gone_at.pop(name, "")
        self._gone_at[name] = version if is_newer(version, than=before) else before
        if len(self._gone_at) > KEPT:
            self._gone_at.popitem(last=False)

    def cover(self, name: Hashable, version: str) -> bool:
        """Return whether an event of this version is from before the deletion."""
        gone_at = self._gone_at.get(name)
        return gone_at is not None and not is_newer(version, than=gone_at)
