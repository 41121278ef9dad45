"""Parses the objects of our kinds, once per version for all who need them."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from plumbline.api.meta import Observed
from plumbline.api.objects import Key, Manifest, Resource
from plumbline.engine.cache import Cache
from plumbline.engine.unreadable import ObjectUnreadable
from plumbline.plan.kind import Kind, Selector

KEPT = 8192
Found = TypeVar("Found", bound=Observed)


class ObjectReader:
    """Returns objects of our kinds parsed, as pydantic models, and others as manifests."""

    def __init__(self, cache: Cache, kinds: Iterable[Kind[Any]]) -> None:
        """Read from the cache."""
        self._cache, self._parsed = cache, _ParsedObjects()
        self._kinds = {kind.resource: kind.model for kind in kinds}
        self._resources = {model: resource for resource, model in self._kinds.items()}

    def parsed(self, resource: Resource, obj: Manifest) -> Any:
        """Return an object of our kinds parsed; an object of another kind as it is.

        Raises:
            ObjectUnreadable: another version has written what this one cannot read.
        """
        kind = self._kinds.get(resource)
        if kind is None:
            return obj
        try:
            return self._parsed.read(kind, obj)
        except ValidationError as error:
            raise ObjectUnreadable(_unreadable(resource, obj, error)) from error

    def at(self, key: Key) -> Any | None:
        """Return the object with this key, parsed, or None."""
        obj = self._cache.get(key)
        return self.parsed(key.resource, obj) if obj else None

    def readable(self, kind: type[Found]) -> Iterator[tuple[Key, Found]]:
        """Yield the objects of one of our kinds in all namespaces, without unreadable ones.

        The reconcile of an unreadable one reports it; this is called once a second.
        """
        resource = self._resources[kind]
        for obj in self._cache.list(resource, None):
            about = obj["metadata"]
            try:
                yield self.key(kind, about["namespace"], about["name"]), self.parsed(resource, obj)
            except ObjectUnreadable:
                continue

    def in_namespace(self, namespace: str) -> "NamespaceLookup":
        """Return the objects of a namespace."""
        return NamespaceLookup(self, self._cache, namespace)

    def key(self, kind: type[Observed], namespace: str, name: str) -> Key:
        """Return the key of an object of our kinds."""
        return Key(self._resources[kind], namespace, name)


@dataclass(frozen=True, slots=True)
class NamespaceLookup:
    """The objects of one namespace: the `Lookup` of the kinds' declarations."""

    objects: ObjectReader
    cache: Cache
    namespace: str

    def get(self, kind: type[Found], name: str | None) -> Found | None:
        """Return an object of one of our kinds; None if it does not exist or the name is None."""
        found = self.objects.at(self.objects.key(kind, self.namespace, name)) if name else None
        return found if isinstance(found, kind) else None

    def raw(self, resource: Resource, name: str) -> Manifest | None:
        """Return any object as it is in the cache, or None."""
        return self.cache.get(Key(resource, self.namespace, name))

    def select(self, resource: Resource, which: Selector) -> list[Manifest]:
        """Return the objects that a selector matches, by name."""
        if which.names is None:
            found = self.cache.list(resource, self.namespace)
        else:
            named = (self.raw(resource, name) for name in which.names)
            found = (obj for obj in named if obj is not None)
        return sorted(filter(which.matches, found), key=lambda obj: str(obj["metadata"]["name"]))


class _ParsedObjects:
    """The newest version of each object, parsed; callers must not change it."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[str, tuple[str, Observed]] = OrderedDict()

    def read(self, kind: type[Found], obj: Mapping[str, Any]) -> Found:
        """Return the object, parsed."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known, found = self._kept.get(uid, ("", None))
        if known != version or not isinstance(found, kind):
            found = kind.model_validate(obj)
            self._kept[uid] = version, found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(uid)
        return found


def _unreadable(resource: Resource, obj: Manifest, error: ValidationError) -> str:
    """Return which field cannot be read, without its value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    return (
        f"This version of Plumbline cannot read {resource.kind} {obj['metadata']['name']}: "
        f"{field}: {first['msg']}. Install the version that wrote it, or fix the field."
    )
