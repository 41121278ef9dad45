"""The objects of a world, as users and other controllers write and read them."""

import json
from collections.abc import Mapping
from typing import Any

from plumbline.api.objects import Key
from plumbline.plan.registry import BY_KIND, OTHERS, OURS

from tests.sim.fakeapi.store import Store
from tests.sim.loop.api import has_status

Object = dict[str, Any]
BY_NAME = {each.kind: each for each in (*OURS, *OTHERS)}


class Objects:
    """The objects of one namespace by kind and name."""

    def __init__(self, store: Store, namespace: str) -> None:
        self.store, self.namespace = store, namespace

    def add(self, manifest: Mapping[str, Any]) -> Object:
        """Create an object, with the status that it comes with."""
        obj, key = json.loads(json.dumps(manifest)), key_of(manifest)
        made = self.store.create(key, obj, with_status=has_status(key))
        first = {"observedGeneration": -1} if key.resource in OURS else None
        if status := obj.get("status") or manifest.get("status") or first:
            made = self._put(key, {**made, "status": status}, "status")
        return made

    def key(self, kind: str, name: str) -> Key:
        """Return the key of a kind and name."""
        return Key(BY_NAME[kind], self.namespace, name)

    def get(self, kind: str, name: str) -> Object:
        """Return an object by its kind and name."""
        return self.store.objects[self.key(kind, name)]

    def find(self, kind: str, name: str) -> Object | None:
        """Return an object, or None."""
        return self.store.objects.get(self.key(kind, name))

    def edit(self, kind: str, name: str, **spec: Any) -> None:
        """Change fields of a spec."""
        obj = self.get(kind, name)
        self._put(self.key(kind, name), {**obj, "spec": {**obj["spec"], **spec}}, "spec")

    def replace(self, kind: str, name: str, **parts: Any) -> None:
        """Change parts of an object that has no spec, such as the data of a ConfigMap."""
        self._put(self.key(kind, name), {**self.get(kind, name), **parts}, "spec")

    def annotate(self, kind: str, name: str, key: str, value: str) -> None:
        """Set an annotation."""
        self._set(kind, name, "annotations", {key: value})

    def label(self, kind: str, name: str, **labels: str) -> None:
        """Set labels."""
        self._set(kind, name, "labels", labels)

    def set_status(self, kind: str, name: str, status: Mapping[str, Any]) -> None:
        """Give an object this status, as somebody else's controller does."""
        self._put(self.key(kind, name), {**self.get(kind, name), "status": dict(status)}, "status")

    def delete(self, kind: str, name: str) -> None:
        """Delete an object."""
        if (key := self.key(kind, name)) in self.store.objects:
            self.store.delete(key, {})

    def begin_to_delete(self, kind: str, name: str) -> None:
        """Delete an object that a finalizer of somebody's holds."""
        obj = self.get(kind, name)
        held = {**obj["metadata"], "finalizers": ["example.com/held"]}
        self._put(self.key(kind, name), {**obj, "metadata": held}, "spec")
        self.delete(kind, name)

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind."""
        return sorted(k.name for k in self.store.objects if k.resource.kind == kind)

    def all(self, kind: str) -> list[Object]:
        """Return all objects of a kind by name."""
        return [self.get(kind, name) for name in self.names(kind)]

    def condition(self, kind: str, name: str, type_: str) -> Object | None:
        """Return a condition, None while it is absent."""
        found = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((each for each in found if each["type"] == type_), None)

    def _put(self, key: Key, obj: Object, part: str) -> Object:
        wanted = json.loads(json.dumps(obj))
        wanted["metadata"].pop("resourceVersion", None)
        return self.store.replace(key, wanted, part=part, with_status=has_status(key))

    def _set(self, kind: str, name: str, field: str, values: Mapping[str, str]) -> None:
        obj = self.get(kind, name)
        about = obj["metadata"]
        changed = {**about, field: {**about.get(field, {}), **values}}
        self._put(self.key(kind, name), {**obj, "metadata": changed}, "spec")


def key_of(manifest: Mapping[str, Any]) -> Key:
    """Return the key of a manifest."""
    metadata = manifest["metadata"]
    resource = BY_KIND[manifest["apiVersion"], manifest["kind"]]
    return Key(resource, metadata["namespace"], metadata["name"])
