"""What we know of the world: the newest version of every watched object.

Watch events may be older than the answer to our own write, so an object is only replaced by a newer
resourceVersion, and a deleted one is not brought back by an event from before its deletion.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plumbline.api.effects import Key, Resource

Object = Mapping[str, Any]
Listener = Callable[[Key, Object | None, Object | None], None]
Listeners = list[Listener]
Objects = list[Object]
TOMBSTONES = 10_000


def version_of(obj: Object) -> int:
    """Return the resourceVersion as a number; Kubernetes promises that newer is larger."""
    return int(obj["metadata"].get("resourceVersion") or 0)


class Cache:
    """Objects by key, by namespace and by owner."""

    def __init__(self) -> None:
        """Start empty."""
        self._objects: dict[Key, Object] = {}
        self._by_place: dict[tuple[Resource, str], dict[str, Object]] = {}
        self._by_owner: dict[tuple[str, Resource], dict[Key, Object]] = {}
        self._tombstones: OrderedDict[str, int] = OrderedDict()
        self._listeners: Listeners = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener(key, old, new)` on every change; new is None when the object is gone."""
        self._listeners.append(listener)

    def get(self, key: Key) -> Object | None:
        """Return an object, or None."""
        return self._objects.get(key)

    def list(self, resource: Resource, namespace: str | None) -> Iterator[Object]:
        """Yield the objects of a kind in a namespace, or everywhere when it is None."""
        if namespace is not None:
            yield from list(self._by_place.get((resource, namespace), {}).values())
            return
        for (kind, _), found in list(self._by_place.items()):
            if kind == resource:
                yield from list(found.values())

    def keys(self, resource: Resource, namespace: str | None = None) -> set[Key]:
        """Return the keys of a kind."""
        return {
            Key(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            for obj in self.list(resource, namespace)
        }

    def by_owner(self, uid: str, resource: Resource) -> Objects:
        """Return the objects of a kind that this uid controls."""
        return list(self._by_owner.get((uid, resource), {}).values())

    def observe(self, key: Key, obj: Mapping[str, Any]) -> bool:
        """Take in a version of an object; False when we know a newer one or that it is gone."""
        old, version = self._objects.get(key), version_of(obj)
        if old is not None and version_of(old) >= version:
            return False
        if version <= self._tombstones.get(obj["metadata"].get("uid", ""), -1):
            return False
        new = {
            **obj,
            "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"},
        }
        if old is not None:
            self._unindex(key, old)
        self._index(key, new)
        self._tell(key, old, new)
        return True

    def forget(self, key: Key, *, obj: Object | None = None) -> None:
        """Take in that an object is gone; `obj` is its last version, if the server told it."""
        old = self._objects.get(key)
        last = obj or old
        if last is not None:
            self._bury(last)
        if old is None or (obj and old["metadata"].get("uid") != obj["metadata"].get("uid")):
            return
        self._unindex(key, old)
        self._tell(key, old, None)

    def _bury(self, obj: Object) -> None:
        uid = obj["metadata"].get("uid", "")
        self._tombstones[uid] = max(version_of(obj), self._tombstones.get(uid, 0))
        if len(self._tombstones) > TOMBSTONES:
            self._tombstones.popitem(last=False)

    def _index(self, key: Key, obj: Object) -> None:
        self._objects[key] = obj
        self._by_place.setdefault((key.resource, key.namespace), {})[key.name] = obj
        if owner := owner_uid(obj):
            self._by_owner.setdefault((owner, key.resource), {})[key] = obj

    def _unindex(self, key: Key, obj: Object) -> None:
        del self._objects[key]
        self._by_place[key.resource, key.namespace].pop(key.name, None)
        if owner := owner_uid(obj):
            owned = self._by_owner[owner, key.resource]
            owned.pop(key, None)
            if not owned:
                del self._by_owner[owner, key.resource]

    def _tell(self, key: Key, old: Object | None, new: Object | None) -> None:
        for listener in self._listeners:
            listener(key, old, new)


def owner_uid(obj: Object) -> str | None:
    """Return the uid of the controlling owner."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return str(reference["uid"])
    return None
