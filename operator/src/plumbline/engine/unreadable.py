"""Objects that exist but cannot be read; listeners are called when one appears or ends.

An object that is nested too deeply is not in the cache. An object that another version of Plumbline
wrote is in the cache; if it does not fit this version's schema, reading it raises
`ObjectUnreadable`.
"""

from collections.abc import Callable

from plumbline.api.objects import Key, Resource
from plumbline.engine.versions import is_newer
from plumbline.log import get_logger

Listener = Callable[[Key, bool], None]
log = get_logger(__name__)


class ObjectUnreadable(Exception):
    """An object has a field that this version of Plumbline does not understand."""


class Unreadable:
    """The keys and versions of objects that are nested too deeply."""

    def __init__(self) -> None:
        """Start empty."""
        self._versions: dict[Key, str] = {}
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener(key, is_unreadable)` on every change."""
        self._listeners.append(listener)

    def keys(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind, in a namespace or everywhere."""
        found = (key for key in self._versions if key.resource == resource)
        return {key for key in found if namespace in (None, key.namespace)}

    def add(self, key: Key, version: str) -> None:
        """Note that this version of an object cannot be read."""
        known = key in self._versions
        self._versions[key] = version
        if not known:
            log.error(
                "object ignored: it is nested too deeply to be read; fix it", **key.log_fields
            )
            self._notify(key, True)

    def discard(self, key: Key, *, as_of: str = "") -> None:
        """Note that an object can be read or is deleted; with `as_of`, unless it is newer."""
        version = self._versions.get(key)
        if version is None or (as_of and is_newer(version, than=as_of)):
            return
        del self._versions[key]
        self._notify(key, False)

    def _notify(self, key: Key, unreadable: bool) -> None:
        for listener in self._listeners:
            listener(key, unreadable)
