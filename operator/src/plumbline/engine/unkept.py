"""Fields that the server stores differently from what was applied.

`difference` knows the usual cases. Each other case costs one apply without effect; it is remembered
here, so that it is not repeated for ever.
"""

from plumbline.api.objects import Key, Manifest
from plumbline.engine.applied import applied_digest
from plumbline.engine.difference import Path, differences
from plumbline.log import get_logger

log = get_logger(__name__)


class Unkept:
    """The fields that the server changed, by object and digest of the applied manifest."""

    def __init__(self) -> None:
        """Start empty."""
        self._paths: dict[Key, tuple[str, frozenset[Path]]] = {}

    def differs(self, key: Key, live: Manifest, wanted: Manifest) -> bool:
        """Return whether applying would change something."""
        found = frozenset(differences(live, wanted))
        if not found:
            return False
        digest, unkept = self._paths.get(key, ("", frozenset[Path]()))
        return digest != applied_digest(wanted) or bool(found - unkept)

    def note(self, key: Key, answer: Manifest, wanted: Manifest) -> None:
        """Compare the response with what was applied, and remember the differences."""
        self._paths.pop(key, None)
        if unkept := frozenset(differences(answer, wanted)):
            self._paths[key] = (applied_digest(wanted), unkept)
            fields = sorted(".".join(path) for path in unkept)
            child = f"{key.resource.kind}/{key.name}"
            log.warning("the API server changed applied fields", child=child, fields=fields)
