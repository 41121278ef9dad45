"""The newest known version of every watched object.

A watch event may be older than the response to our own write. So an object is replaced only by a
newer resourceVersion, and an event from before a deletion does not bring the object back.
Objects are shared and never copied: callers must not change what the cache returns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.tombstones import Tombstones
from plumbline.engine.unreadable import Unreadable
from plumbline.engine.versions import ListVersions, is_newer, version_of
from plumbline.kube.levels import is_unreadable
from plumbline.log import get_logger

Object = Mapping[str, Any]
Listener = Callable[[Key, Object | None, Object | None], None]
Objects = list[Object]
Field = tuple[str, str]
# A third of every object, and never read.
MANAGED_FIELDS: Field = ("metadata", "managedFields")
log = get_logger(__name__)


class Cache:
    """Objects by key, by namespace and by owner."""

    def __init__(self, dropped: Mapping[Resource, tuple[Field, ...]] | None = None) -> None:
        """Start empty.

        Args:
            dropped: for each kind, large fields that are never read and so not kept. A manifest
                with such a field must not be compared with the object in the cache.
        """
        self._dropped = dropped or {}
        # By namespace, because plans list the objects of one namespace only.
        self._places: dict[Resource, dict[str, dict[str, Object]]] = {}
        self._owned: dict[tuple[str, Resource], dict[Key, Object]] = {}
        self._tombstones = Tombstones()
        self.unreadable = Unreadable()
        self.list_versions = ListVersions()
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener(key, old, new)` on every change; new is None after a deletion."""
        self._listeners.append(listener)

    def get(self, key: Key) -> Object | None:
        """Return an object, or None."""
        return self._places.get(key.resource, {}).get(key.namespace, {}).get(key.name)

    def list(self, resource: Resource, namespace: str | None) -> Iterator[Object]:
        """Yield the objects of a kind in a namespace, or everywhere when it is None."""
        places = self._places.get(resource, {})
        found = list(places.values()) if namespace is None else [places.get(namespace, {})]
        for place in found:
            # Copied, because the cache can change between two items.
            yield from list(place.values())

    def keys(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind."""
        places = self._places.get(resource, {})
        names = list(places) if namespace is None else [namespace]
        return {Key(resource, name, each) for name in names for each in places.get(name, ())}

    def known(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind, including those of objects that cannot be read."""
        return self.keys(resource, namespace) | self.unreadable.keys(resource, namespace)

    def by_owner(self, uid: str, resource: Resource) -> Objects:
        """Return the objects of a kind that this uid controls."""
        return list(self._owned.get((uid, resource), {}).values())

    def observe(self, key: Key, obj: Object) -> bool:
        """Store a version of an object; False if a newer one or its deletion is known.

        If this version is too deep to be read, the object is dropped: what was known of it is old.
        """
        old = self.get(key)
        if old is not None and not is_newer(version_of(obj), than=version_of(old)):
            return False
        if self._is_buried(key, obj):
            return False
        if is_unreadable(obj):
            self._drop_unreadable(key, old, version_of(obj))
            return False
        self.unreadable.discard(key)
        if old is not None:
            self._remove(key, old)
            # Deleted and created again under the same name, and the deletion was missed.
            if uid_of(old) != uid_of(obj):
                self._tombstones.bury(uid_of(old))
        new = _without((MANAGED_FIELDS, *self._dropped.get(key.resource, ())), _without_nulls(obj))
        self._insert(key, new)
        self._notify(key, old, new)
        return True

    def forget_deleted(self, key: Key, last: Object) -> None:
        """Remove an object that a watch event says is deleted, with its last version."""
        self.unreadable.discard(key)
        # The tombstone is for the name and this version, not for the uid: an object that leaves the
        # selector of a watch is also reported as deleted, and may come back.
        self._tombstones.bury(key, version=version_of(last))
        self._remove_buried(key)

    def forget_absent(self, key: Key, *, as_of: str) -> None:
        """Remove an object that is not in a list of this version, unless it is newer."""
        self.unreadable.discard(key, as_of=as_of)
        if self.get(key) is not None:
            self._tombstones.bury(key, version=as_of)
            self._remove_buried(key)

    def forget_missing(self, key: Key, *, uid: str = "") -> None:
        """Remove an object that the server no longer has.

        Args:
            key: the key of the object.
            uid: the uid of the missing object; another object of that name stays.
        """
        self.unreadable.discard(key)
        old = self.get(key)
        if old is not None and uid in ("", uid_of(old)):
            self._tombstones.bury(uid_of(old))
            self._remove_buried(key)

    def _remove_buried(self, key: Key) -> None:
        old = self.get(key)
        if old is not None and self._is_buried(key, old):
            self._remove(key, old)
            self._notify(key, old, None)

    def _drop_unreadable(self, key: Key, old: Object | None, version: str) -> None:
        self._tombstones.bury(key, version=version)
        if old is not None:
            self._remove(key, old)
            self._notify(key, old, None)
        self.unreadable.add(key, version)

    def _is_buried(self, key: Key, obj: Object) -> bool:
        version, graves = version_of(obj), self._tombstones
        return graves.cover(key, version) or graves.cover(uid_of(obj), version)

    def _insert(self, key: Key, obj: Object) -> None:
        place = self._places.setdefault(key.resource, {}).setdefault(key.namespace, {})
        place[key.name] = obj
        if owner := owner_uid(obj):
            self._owned.setdefault((owner, key.resource), {})[key] = obj

    def _remove(self, key: Key, obj: Object) -> None:
        del self._places[key.resource][key.namespace][key.name]
        if owner := owner_uid(obj):
            owned = self._owned[owner, key.resource]
            del owned[key]
            if not owned:
                del self._owned[owner, key.resource]

    def _notify(self, key: Key, old: Object | None, new: Object | None) -> None:
        """Call every listener; an error in one must not end the watch that all need."""
        for listener in self._listeners:
            try:
                listener(key, old, new)
            except Exception as error:
                log.exception("a listener failed", error, **key.log_fields)


def uid_of(obj: Object) -> str:
    """Return the uid of an object, empty when it has none."""
    return str(obj["metadata"].get("uid", ""))


def owner_uid(obj: Object) -> str | None:
    """Return the uid of the controlling owner."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return str(reference["uid"])
    return None


def _without(fields: Iterable[Field], obj: Object) -> Object:
    """Return the object without these fields; the object itself stays as it is."""
    for parent, field in fields:
        if field in obj.get(parent, ()):
            rest = {k: v for k, v in obj[parent].items() if k != field}
            obj = {**obj, parent: rest}
    return obj


def _without_nulls(obj: Object) -> Object:
    """Return the object without parts that are null, which means that they are absent."""
    metadata = obj["metadata"]
    if None in metadata.values():
        obj = {**obj, "metadata": {k: v for k, v in metadata.items() if v is not None}}
    return {k: v for k, v in obj.items() if v is not None} if None in obj.values() else obj
