"""Carries out a plan: create, apply, status, delete, events, in that order.

Nothing is written that is already so. Every answer of the server goes into the cache, so that the
next pass sees our own writes.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from plumbline.api.effects import Deletion, Key, Manifest, Plan, Resource
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.difference import is_as_desired
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, Conflict, NotFound
from plumbline.kube.events import Recorder

APPLIED = "plumbline.dev/applied"
log = logging.getLogger(__name__)


class Foreign(Exception):
    """A child's name is taken by an object that is not ours; it is never seized."""


class Effects:
    """Carries out plans against one API server."""

    def __init__(
        self,
        *,
        client: Client,
        cache: Cache,
        recorder: Recorder,
        resource_of: Callable[[Manifest], Resource],
        clock: Clock | None = None,
    ) -> None:
        """Write through `client`; `resource_of` names the resource of a manifest."""
        self._client, self._cache, self._recorder = client, cache, recorder
        self._resource_of, self._clock = resource_of, clock or RealClock()

    async def carry_out(self, key: Key, plan: Plan) -> int:
        """Make the plan true and return the number of writes.

        Raises:
            Foreign: a child's name is taken by somebody else's object.
            ApiError: the server refused a write.
        """
        writes = 0
        for manifest in plan.create:
            writes += await self._create(manifest)
        for manifest in plan.apply:
            writes += await self._apply(manifest)
        if plan.status is not None:
            writes += await self.set_status(key, plan.status)
        for deletion in plan.delete:
            writes += await self._delete(deletion)
        about = self._cache.get(key)
        for event in plan.events if about else ():
            await self._recorder.record(about or {}, event)
        return writes

    async def set_status(self, key: Key, status: Manifest) -> int:
        """Store the status if it differs; conditions keep their time while they stay the same."""
        live = self._cache.get(key)
        if live is None:
            return 0
        stamped = stamp(status, live.get("status", {}), now=self._now())
        if stamped == live.get("status", {}):
            return 0
        self._take(key, await self._client.replace_status(key, {**live, "status": stamped}))
        return 1

    async def _create(self, manifest: Manifest) -> int:
        key = self._key(manifest)
        if (live := self._cache.get(key)) is not None:
            return self._check_ours(key, live, manifest)
        try:
            self._take(key, await self._client.create(key, manifest))
        except AlreadyExists:
            live = await self._client.get(key)
            self._cache.observe(key, live)
            return self._check_ours(key, live, manifest)
        log.info("created %s %s/%s", key.resource.kind, key.namespace, key.name)
        return 1

    async def _apply(self, manifest: Manifest) -> int:
        key, wanted = self._key(manifest), with_digest(manifest)
        live = self._cache.get(key)
        if live is not None:
            self._check_ours(key, live, manifest)
            if is_as_desired(live, wanted):
                return 0
        self._take(key, await self._client.apply(key, wanted))
        log.info("applied %s %s/%s", key.resource.kind, key.namespace, key.name)
        return 1

    async def _delete(self, deletion: Deletion) -> int:
        key, live = deletion.key, self._cache.get(deletion.key)
        if live is None or live["metadata"].get("deletionTimestamp"):
            return 0
        try:
            await self._client.delete(key, uid=deletion.uid)
        except (NotFound, Conflict):
            return 0
        log.info("deleted %s %s/%s", key.resource.kind, key.namespace, key.name)
        return 1

    def _check_ours(self, key: Key, live: Manifest, manifest: Manifest) -> int:
        """Refuse to touch an object with another controller than the one we would give it."""
        if _controller(live) != _controller(manifest):
            raise Foreign(
                f"{key.resource.kind} {key.namespace}/{key.name} exists and belongs to something "
                "else: delete it or choose another name"
            )
        return 0

    def _take(self, key: Key, answer: Mapping[str, Any]) -> None:
        self._cache.observe(key, answer)

    def _key(self, manifest: Manifest) -> Key:
        metadata = manifest["metadata"]
        return Key(self._resource_of(manifest), metadata["namespace"], metadata["name"])

    def _now(self) -> str:
        return self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def with_digest(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest with its own digest as an annotation.

    The digest tells a field that we no longer want from one that somebody else has set.
    """
    text = json.dumps(manifest, sort_keys=True, default=str)
    metadata = dict(manifest["metadata"])
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    metadata["annotations"] = {**metadata.get("annotations", {}), APPLIED: digest}
    return {**manifest, "metadata": metadata}


def stamp(status: Manifest, live: Manifest, *, now: str) -> dict[str, Any]:
    """Return the status with the time at which each condition last changed its value."""
    before = {c["type"]: c for c in live.get("conditions", ())}
    generation = status.get("observedGeneration")
    stamped = []
    for condition in status.get("conditions", ()):
        old = before.get(condition["type"], {})
        same = old.get("status") == condition["status"]
        time = old.get("lastTransitionTime") if same else None
        extra = {} if generation is None else {"observedGeneration": generation}
        stamped.append({**condition, "lastTransitionTime": time or now, **extra})
    return {**status, "conditions": stamped}


def _controller(obj: Manifest) -> str | None:
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return str(reference["uid"])
    return None
