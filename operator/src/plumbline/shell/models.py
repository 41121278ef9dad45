"""Objects parsed into models once per version, since reads are far more frequent than writes."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

from plumbline.api.meta import Observed

KEPT = 8192
Kind = TypeVar("Kind", bound=Observed)


class Models:
    """The newest model of each object; callers must not change it."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[str, tuple[str, Observed]] = OrderedDict()

    def read(self, kind: type[Kind], obj: Mapping[str, Any]) -> Kind:
        """Return the object as its model."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known, found = self._kept.get(uid, ("", None))
        if known != version or not isinstance(found, kind):
            found = kind.model_validate(obj)
            self._kept[uid] = version, found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(uid)
        return found
