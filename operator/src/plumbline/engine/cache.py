"""What we know of the world: the newest version of every watched object.

Watch events may be older than the answer to our own write, so an object is only replaced by a newer
resourceVersion, and a deleted one is not brought back by an event from before its deletion.
Objects are shared, never copied: nobody changes what the cache has given out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.engine.tombstones import Tombstones
from plumbline.engine.unreadable import Unreadable
from plumbline.engine.versions import is_newer, version_of
from plumbline.kube.levels import is_unreadable
from plumbline.log import get_logger

Object = Mapping[str, Any]
Listener = Callable[[Key, Object | None, Object | None], None]
Objects = list[Object]
Field = tuple[str, str]
# Fields of any object that nobody reads: a third of its size.
UNREAD: Field = ("metadata", "managedFields")
log = get_logger(__name__)


class Cache:
    """Objects by key, by namespace and by owner."""

    def __init__(self, unread: Mapping[Resource, tuple[Field, ...]] | None = None) -> None:
        """Start empty.

        Args:
            unread: by kind: the fields of a field of it that are large and that nobody reads. They
                are not kept, so a manifest that has them must not be compared with what is here.
        """
        self._unread = unread or {}
        self._places: dict[Resource, dict[str, dict[str, Object]]] = {}
        self._owned: dict[tuple[str, Resource], dict[Key, Object]] = {}
        self._tombstones = Tombstones()
        self.unreadable = Unreadable()
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener(key, old, new)` on every change; new is None when the object is gone."""
        self._listeners.append(listener)

    def get(self, key: Key) -> Object | None:
        """Return an object, or None."""
        return self._places.get(key.resource, {}).get(key.namespace, {}).get(key.name)

    def list(self, resource: Resource, namespace: str | None) -> Iterator[Object]:
        """Yield the objects of a kind in a namespace, or everywhere when it is None."""
        places = self._places.get(resource, {})
        found = list(places.values()) if namespace is None else [places.get(namespace, {})]
        for place in found:
            yield from list(place.values())

    def keys(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind."""
        places = self._places.get(resource, {})
        names = list(places) if namespace is None else [namespace]
        return {Key(resource, name, each) for name in names for each in places.get(name, ())}

    def known(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind, those of objects that exist and cannot be read among them."""
        return self.keys(resource, namespace) | self.unreadable.keys(resource, namespace)

    def by_owner(self, uid: str, resource: Resource) -> Objects:
        """Return the objects of a kind that this uid controls."""
        return list(self._owned.get((uid, resource), {}).values())

    def observe(self, key: Key, obj: Object) -> bool:
        """Take in a version of an object; False when we know a newer one or that it is gone.

        One that cannot be read is not here: what was known of it is no longer so.
        """
        old = self.get(key)
        if old is not None and not is_newer(version_of(obj), than=version_of(old)):
            return False
        if self._is_buried(key, obj):
            return False
        if is_unreadable(obj):
            self._pass_over(key, old, version_of(obj))
            return False
        self.unreadable.discard(key)
        if old is not None:
            self._remove(key, old)
            if uid_of(old) != uid_of(obj):
                self._tombstones.bury(uid_of(old))
        new = _without((UNREAD, *self._unread.get(key.resource, ())), obj)
        self._insert(key, new)
        self._tell(key, old, new)
        return True

    def forget(
        self, key: Key, *, obj: Object | None = None, uid: str = "", as_of: str = ""
    ) -> None:
        """Take in that an object is gone.

        Args:
            key: its key.
            obj: its last version, when a watch told it.
            uid: the object that was found to be missing; another one of that name stays.
            as_of: the version of a list that did not hold it; what is newer stays.
        """
        old = self.get(key)
        self.unreadable.discard(key, as_of=as_of)
        last = obj or old
        if last is None or (uid and uid_of(last) != uid):
            return
        if obj or as_of or not uid_of(last):
            self._tombstones.bury(key, version=as_of or version_of(last))
        else:
            self._tombstones.bury(uid_of(last))
        if old is not None and self._is_buried(key, old):
            self._remove(key, old)
            self._tell(key, old, None)

    def _pass_over(self, key: Key, old: Object | None, version: str) -> None:
        self._tombstones.bury(key, version=version)
        if old is not None:
            self._remove(key, old)
            self._tell(key, old, None)
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

    def _tell(self, key: Key, old: Object | None, new: Object | None) -> None:
        """Tell every listener; one that fails must not end the watch that all depend on."""
        for listener in self._listeners:
            try:
                listener(key, old, new)
            except Exception as error:
                log.exception("a listener failed", error, **key.about)


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
