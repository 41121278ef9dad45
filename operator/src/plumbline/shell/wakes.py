"""Which objects to reconcile when an object changes, from the declarations of the kinds.

A change of a child causes a reconcile of its owner, and a change of any object a reconcile of its
readers. Kinds depend on each other only through status fields, so nothing else connects them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plumbline.api.objects import Key, Manifest, Resource
from plumbline.api.resources import POD
from plumbline.engine.cache import Cache
from plumbline.engine.unreadable import ObjectUnreadable
from plumbline.plan.kind import Kind, Reads
from plumbline.plan.registry import BY_KIND
from plumbline.shell.object_reader import ObjectReader


class Wakes:
    """The objects to reconcile after a change, from the declarations of the kinds."""

    def __init__(self, kinds: Iterable[Kind[Any]], cache: Cache, objects: ObjectReader) -> None:
        """Find objects in the cache."""
        self._cache, self._objects = cache, objects
        self._kinds = {kind.resource: kind for kind in kinds}
        self._readers: dict[Resource, list[tuple[Kind[Any], Reads]]] = {}
        for kind in self._kinds.values():
            for reads in kind.reads:
                if reads.wakes:
                    self._readers.setdefault(reads.resource, []).append((kind, reads))

    def candidates(
        self, key: Key, old: Manifest | None, new: Manifest | None
    ) -> Iterator[Key | None]:
        """Yield each object to reconcile, and None for each that was checked and needs none.

        So a caller can pause between two checks, also when many of them find nothing.

        Args:
            key: the object that changed.
            old: its version before; None when it is new.
            new: its version now; None when it is deleted.
        """
        # Of both versions, since a change can end what connected them, such as a label.
        versions = [each for each in (old, new) if each is not None]
        yield from self._itself(key)
        yield from self._owners(key, versions)
        yield from self._users(key, versions)

    def _itself(self, key: Key) -> Iterator[Key]:
        if key.resource in self._kinds:
            yield key

    def _owners(self, key: Key, versions: Iterable[Manifest]) -> Iterator[Key]:
        """Yield the controlling owner; for a pod of a Job, the owner of that Job."""
        for obj in versions:
            owner = _controller(key.namespace, obj)
            if owner and owner.resource in self._kinds:
                yield owner
            elif owner and key.resource == POD and (job := self._cache.get(owner)):
                yield from self._owners(owner, [job])

    def _users(self, key: Key, versions: list[Manifest]) -> Iterator[Key | None]:
        for kind, reads in self._readers.get(key.resource, ()):
            for reader in self._cache.list(kind.resource, key.namespace):
                reads_it = not kind.is_settled(reader) and self._reads(
                    kind, reads, reader, versions
                )
                yield _key(kind.resource, reader) if reads_it else None

    def _reads(
        self, kind: Kind[Any], reads: Reads, reader: Manifest, versions: Iterable[Manifest]
    ) -> bool:
        """Return whether a reader reads one of these versions.

        A reader that is unreadable itself is reconciled too, because that reports the error.
        """
        lookup = self._objects.in_namespace(reader["metadata"]["namespace"])
        try:
            which = reads.which(self._objects.parsed(kind.resource, reader), lookup)
        except ObjectUnreadable:
            return True
        return any(which.matches(obj) for obj in versions)


def _key(resource: Resource, obj: Manifest) -> Key:
    return Key(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])


def _controller(namespace: str, obj: Mapping[str, Any]) -> Key | None:
    """Return the key of the controlling owner, if we know its kind."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        resource = BY_KIND.get((reference["apiVersion"], reference["kind"]))
        if reference.get("controller") and resource:
            return Key(resource, namespace, reference["name"])
    return None
