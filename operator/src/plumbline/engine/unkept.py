"""Fields that the server stores in its own way, found out by applying them once.

`difference` knows the server's usual habits. A habit that it does not know costs one request
without effect, and not one for ever.
"""

from plumbline.api.objects import Key, Manifest
from plumbline.engine.applied import applied_digest
from plumbline.engine.difference import Path, differences
from plumbline.log import get_logger

log = get_logger(__name__)


class Unkept:
    """What the server did not keep as written, by object and digest of what was written."""

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
        """Take in what the server made of what was applied."""
        self._paths.pop(key, None)
        if unkept := frozenset(differences(answer, wanted)):
            self._paths[key] = (applied_digest(wanted), unkept)
            fields = sorted(".".join(path) for path in unkept)
            child = f"{key.resource.kind}/{key.name}"
            log.warning("the API server does not keep what was applied", child=child, fields=fields)
