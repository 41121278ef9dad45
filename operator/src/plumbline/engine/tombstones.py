"""Remembers for a while which objects are gone, so that old news cannot bring them back."""

from collections import OrderedDict

from plumbline.engine.versions import is_newer

KEPT = 10_000
FOR_GOOD = str(2**64)


class Tombstones:
    """The version at which each uid was last known to be gone.

    An object may come back with the same uid when it leaves a watch's selector and enters it again;
    then it has a newer version.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._gone_at: OrderedDict[str, str] = OrderedDict()

    def bury(self, uid: str, *, version: str = FOR_GOOD) -> None:
        """Remember that this uid was gone at this version, or for good."""
        before = self._gone_at.pop(uid, "")
        self._gone_at[uid] = version if is_newer(version, than=before) else before
        if len(self._gone_at) > KEPT:
            self._gone_at.popitem(last=False)

    def cover(self, uid: str, version: str) -> bool:
        """Return whether news of this version is from before the end."""
        gone_at = self._gone_at.get(uid)
        return gone_at is not None and not is_newer(version, than=gone_at)
