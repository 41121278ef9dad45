"""Remembers for a while what is gone, so that old news cannot bring it back."""

from collections import OrderedDict
from collections.abc import Hashable

from plumbline.engine.versions import is_newer

KEPT = 10_000
FOR_GOOD = str(2**64)


class Tombstones:
    """The version at which each name, or each uid, was last known to be gone.

    A name may be given again, and an object may leave a watch's selector and enter it again; both
    come with a newer version. A uid that the server no longer knows is gone for good.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._gone_at: OrderedDict[Hashable, str] = OrderedDict()

    def bury(self, name: Hashable, *, version: str = FOR_GOOD) -> None:
        """Remember that this was gone at this version, or for good."""
        before = self._gone_at.pop(name, "")
        self._gone_at[name] = version if is_newer(version, than=before) else before
        if len(self._gone_at) > KEPT:
            self._gone_at.popitem(last=False)

    def cover(self, name: Hashable, version: str) -> bool:
        """Return whether news of this version is from before the end."""
        gone_at = self._gone_at.get(name)
        return gone_at is not None and not is_newer(version, than=gone_at)
