"""Carries out a plan: create, apply, status, delete, events, in that order.

Nothing is written without a difference. Every response of the server goes into the cache, so that
the next pass sees our own writes.
"""

import json
from collections.abc import Callable

from plumbline.api.objects import Key, Manifest, Resource, is_leaving
from plumbline.api.plan import Deletion, Plan
from plumbline.engine.applied import with_digest
from plumbline.engine.cache import Cache
from plumbline.engine.clock import Clock, RealClock
from plumbline.engine.decision_log import log_decisions, new_decisions
from plumbline.engine.ownership import Leftover, NameConflict, check_ours
from plumbline.engine.transition_times import with_transition_times
from plumbline.engine.unkept import Unkept
from plumbline.engine.versions import version_of
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, Conflict, NotFound, Unavailable
from plumbline.kube.events import EventRecorder
from plumbline.log import get_logger

__all__ = ["Effects", "Leftover", "NameConflict"]
log = get_logger(__name__)


class Effects:
    """Carries out plans against one API server."""

    def __init__(
        self,
        *,
        client: Client,
        cache: Cache,
        recorder: EventRecorder,
        resource_of: Callable[[Manifest], Resource],
        clock: Clock | None = None,
    ) -> None:
        """Write through `client`; `resource_of` returns the resource of a manifest."""
        self._client, self._cache, self._recorder = client, cache, recorder
        self._resource_of, self._clock = resource_of, clock or RealClock()
        self._unkept = Unkept()

    async def carry_out(self, key: Key, plan: Plan, *, seen: Manifest | None = None) -> int:
        """Carry out the plan and return the number of writes, not counting Events.

        Args:
            key: the object that the plan is for.
            plan: what to do.
            seen: the version of the object that the plan was made from. The status is written only
                over this version; by default the one in the cache.

        Raises:
            Conflict: the object has changed since; it must be planned again.
            NameConflict: an object of another owner has the name of a child.
            Leftover: a child of an earlier owner has the name until the cluster removes it.
            ApiError: the server refused a write.
        """
        written: list[str] = []
        old, stored = self._cache.get(key), False
        try:
            await self._make(plan, written)
            if plan.status is not None and await self.set_status(
                key, plan.status, seen=seen or old
            ):
                written.append("status")
            stored = True
            for deletion in plan.delete:
                written += await self._delete(deletion)
        finally:
            # Also after an error: the log must have everything that was written.
            if written:
                self._log(key, written)
            # `decision_log` says which decisions are new, and why a pass without writes logs none.
            if written and stored:
                self._log_decisions(key, plan, old)
        about = self._cache.get(key)
        for event in plan.events if about is not None else ():
            await self._recorder.record(about or {}, event)
        return len(written)

    async def set_status(self, key: Key, status: Manifest, *, seen: Manifest | None = None) -> int:
        """Store the status if it differs; a condition keeps its time while its status is the same.

        Raises:
            Conflict: the object has changed since `seen`; the cache has the new version.
        """
        live = self._cache.get(key)
        if live is None:
            return 0
        if seen is not None and version_of(seen) != version_of(live):
            raise Conflict(f"{key.resource.kind} {key.namespace}/{key.name} has changed since")
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        stored = live.get("status")
        wanted = with_transition_times(status, stored or {}, now=now)
        if _is_stored(wanted, stored):
            return 0
        try:
            answer = await self._client.replace_status(key, {**live, "status": wanted})
        except (Conflict, Unavailable):
            # The status may be stored all the same: its response was lost, or the HTTP library sent
            # the write again after the connection broke, and the second conflicts with the first.
            await self._refresh(key)
            if not _is_stored(wanted, (self._cache.get(key) or {}).get("status")):
                raise
            return 1
        except NotFound:
            self._cache.forget_missing(key, uid=live["metadata"]["uid"])
            return 0
        self._cache.observe(key, answer)
        return 1

    async def _make(self, plan: Plan, written: list[str]) -> None:
        for manifest in plan.create:
            written += await self._create(manifest)
        for manifest in plan.apply:
            written += await self._apply(manifest)

    async def _create(self, manifest: Manifest) -> list[str]:
        key = self._key(manifest)
        if (live := self._cache.get(key)) is not None:
            check_ours(key, live, manifest)
            return []
        try:
            answer = await self._client.create(key, manifest)
        except AlreadyExists:
            # Ours, if the cache does not have it yet; otherwise an object of another owner.
            live = await self._client.get(key)
            check_ours(key, live, manifest)
            self._cache.observe(key, live)
            return []
        self._cache.observe(key, answer)
        return [f"created {key.resource.kind} {key.name}"]

    async def _apply(self, manifest: Manifest) -> list[str]:
        """Apply where the live object differs, but never over an object of another owner."""
        key, wanted = self._key(manifest), with_digest(manifest)
        live = self._cache.get(key) or await self._find(key)
        if live is not None:
            check_ours(key, live, manifest)
            self._cache.observe(key, live)
            if not self._unkept.differs(key, live, wanted):
                return []
            # With the uid, an apply for this object never creates another one.
            wanted["metadata"]["uid"] = live["metadata"]["uid"]
        try:
            answer = await self._client.apply(key, wanted)
        except Conflict:
            await self._refresh(key)
            raise
        self._unkept.note(key, answer, wanted)
        self._cache.observe(key, answer)
        return [f"applied {key.resource.kind} {key.name}"]

    async def _delete(self, deletion: Deletion) -> list[str]:
        key, live = deletion.key, self._cache.get(deletion.key)
        if live is None or is_leaving(live):
            return []
        try:
            answer = await self._client.delete(key, uid=deletion.uid)
        except NotFound:
            self._cache.forget_missing(key, uid=deletion.uid)
            return []
        except Conflict:  # Another object has this name now.
            await self._refresh(key)
            return []
        # The response is the object if its deletion takes time, as for a pod; otherwise a Status.
        if answer.get("kind") == key.resource.kind:
            self._cache.observe(key, answer)
        else:
            self._cache.forget_missing(key, uid=deletion.uid)
        return [f"deleted {key.resource.kind} {key.name}"]

    async def _find(self, key: Key) -> Manifest | None:
        """Get an object that no watch has shown: it may have another owner."""
        try:
            return await self._client.get(key)
        except NotFound:
            return None

    async def _refresh(self, key: Key) -> None:
        """Get an object after a write has shown that the cache is out of date."""
        try:
            self._cache.observe(key, await self._client.get(key))
        except NotFound:
            self._cache.forget_missing(key)

    def _key(self, manifest: Manifest) -> Key:
        metadata = manifest["metadata"]
        return Key(self._resource_of(manifest), metadata.get("namespace", ""), metadata["name"])

    def _log_decisions(self, key: Key, plan: Plan, old: Manifest | None) -> None:
        """Log the new decisions of this pass, unless the object is deleted."""
        if (live := self._cache.get(key)) is not None:
            before = (old or {}).get("status")
            news = new_decisions(plan.decisions, before=before, after=plan.status)
            log_decisions(key, live, news)

    def _log(self, key: Key, written: list[str]) -> None:
        """Log in one line what this pass has written."""
        metadata = (self._cache.get(key) or {"metadata": {}})["metadata"]
        log.info(
            "reconciled",
            **key.log_fields,
            generation=metadata.get("generation"),
            uid=metadata.get("uid"),
            wrote=written,
        )


def _is_stored(wanted: Manifest, stored: Manifest | None) -> bool:
    """Return whether a status is stored already; in JSON tuples are lists, and enums are text."""
    return wanted == stored or json.loads(json.dumps(wanted)) == stored
