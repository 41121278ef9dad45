"""The objects of the fake API server and the rules by which they change.

Objects are never changed in place, so that history, lists and answers may share them.
"""

import copy
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from plumbline.api.objects import Key, Resource

from tests.sim.fakeapi.history import Change, History
from tests.sim.fakeapi.patches import apply_patch, merge_patch
from tests.sim.fakeapi.refusal import Refusal, already_exists, conflict, not_found

Object = dict[str, Any]
SERVERS_OWN = ("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")


class Store:
    """Objects by key with one version counter for all."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_uid: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._now, self._new_uid = now, new_uid
        self.objects: dict[Key, Object] = {}
        self.history = History()
        self.version = 1
        self._applied: dict[tuple[str, str], Object] = {}

    def get(self, key: Key) -> Object:
        if key not in self.objects:
            raise not_found(_named(key))
        return self.objects[key]

    def list(self, resource: Resource, namespace: str) -> list[Object]:
        found = [k for k in self.objects if k.resource == resource]
        return [self.objects[k] for k in sorted(found) if namespace in ("", k.namespace)]

    def create(self, key: Key, manifest: Object, *, with_status: bool) -> Object:
        if key in self.objects:
            raise already_exists(_named(key))
        if manifest["metadata"].get("resourceVersion"):
            raise Refusal(400, "BadRequest", "resourceVersion should not be set on creation")
        obj = copy.deepcopy(manifest)
        if with_status:
            obj.pop("status", None)
            obj["metadata"]["generation"] = 1
        obj["metadata"] |= {
            **({"namespace": key.namespace} if key.namespace else {}),
            "uid": self._new_uid(),
            "creationTimestamp": self._time(),
        }
        return self._put(key, obj)

    def replace(self, key: Key, wanted: Object, *, part: str, with_status: bool) -> Object:
        """Store one part (spec or status) of an object, guarded by what it says of itself."""
        live = self.get(key)
        _check_preconditions(key, live, wanted["metadata"])
        new = copy.deepcopy(wanted)
        new["metadata"] = _metadata(live, new["metadata"])
        if part == "status":
            new = {**live, "status": new.get("status", {})}
        elif with_status:
            new.pop("status", None)
            new |= {"status": live["status"]} if "status" in live else {}
            new["metadata"]["generation"] = _generation(live, new)
        if new == live:
            return live
        return self._put(key, new)

    def merge(self, key: Key, patch: Object, *, part: str, with_status: bool) -> Object:
        merged = merge_patch(self.get(key), patch)
        asked = patch.get("metadata", {})
        merged["metadata"] = {**merged["metadata"], "resourceVersion": asked.get("resourceVersion")}
        return self.replace(key, merged, part=part, with_status=with_status)

    def apply(self, key: Key, patch: Object, manager: str, *, with_status: bool) -> Object:
        uid = patch["metadata"].get("uid")
        if key not in self.objects:
            if uid:
                raise conflict(_named(key), f"uid mismatch: {uid} was given, nothing exists")
            made = self.create(key, patch, with_status=with_status)
            self._applied[made["metadata"]["uid"], manager] = patch
            return made
        live = self.objects[key]
        before = self._applied.get((live["metadata"]["uid"], manager), {})
        merged = apply_patch(live, before, patch)
        done = self.replace(key, merged, part="spec", with_status=with_status)
        self._applied[live["metadata"]["uid"], manager] = patch
        return done

    def delete(self, key: Key, preconditions: Object) -> Object | None:
        """Delete, or mark as going while there are finalizers; None when it is gone."""
        live = self.get(key)
        _check_preconditions(key, live, preconditions)
        if not live["metadata"].get("finalizers"):
            self._drop(key)
            return None
        if "deletionTimestamp" in live["metadata"]:
            return live
        going = {**live["metadata"], "deletionTimestamp": self._time()}
        return self._put(key, {**live, "metadata": going})

    def collect_garbage(self) -> bool:
        """Delete one generation of objects all of whose owners are gone."""
        uids = {obj["metadata"]["uid"] for obj in self.objects.values()}
        orphans = [
            key
            for key, obj in self.objects.items()
            if (owners := obj["metadata"].get("ownerReferences"))
            and not any(owner["uid"] in uids for owner in owners)
            and "deletionTimestamp" not in obj["metadata"]
        ]
        for key in orphans:
            self.delete(key, {})
        return bool(orphans)

    def _time(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _put(self, key: Key, obj: Object) -> Object:
        if "deletionTimestamp" in obj["metadata"] and not obj["metadata"].get("finalizers"):
            self._drop(key)
            return obj
        old = self.objects.get(key)
        self.version += 1
        metadata = {**obj["metadata"], "resourceVersion": str(self.version)}
        new = {**obj, "metadata": metadata}
        self.objects[key] = new
        self.history.add(Change(self.version, key.resource, old, new))
        return new

    def _drop(self, key: Key) -> None:
        old = self.objects.pop(key)
        self.version += 1
        self.history.add(Change(self.version, key.resource, old, None))


def _metadata(live: Object, wanted: Object) -> Object:
    """Return the wanted metadata with the fields that only the server sets."""
    own = {k: v for k, v in live["metadata"].items() if k in SERVERS_OWN}
    theirs = {k: v for k, v in wanted.items() if k not in SERVERS_OWN and k != "managedFields"}
    return {**theirs, **own}


def _generation(live: Object, new: Object) -> int:
    def spec(obj: Object) -> Object:
        return {k: v for k, v in obj.items() if k not in ("metadata", "status")}

    generation: int = live["metadata"]["generation"]
    return generation if spec(live) == spec(new) else generation + 1


def _check_preconditions(key: Key, live: Object, asked: Object) -> None:
    for field in ("uid", "resourceVersion"):
        if asked.get(field) and asked[field] != live["metadata"][field]:
            raise conflict(_named(key), f"the {field} is {live['metadata'][field]}")


def _named(key: Key) -> str:
    return f'{key.resource.plural} "{key.name}"'
