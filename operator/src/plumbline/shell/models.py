"""Objects read into their models once a version: hundreds of looks share what few writes change."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

from plumbline.api.meta import Observed

KEPT = 8192
Kind = TypeVar("Kind", bound=Observed)


class Models:
    """The newest models, by uid and resourceVersion; nobody changes what is given out."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[tuple[str, str], Observed] = OrderedDict()

    def read(self, kind: type[Kind], obj: Mapping[str, Any]) -> Kind:
        """Return the object as its model."""
        key = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        found = self._kept.get(key)
        if not isinstance(found, kind):
            found = self._kept[key] = kind.model_validate(obj)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found
