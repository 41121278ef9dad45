"""Kubernetes Events: the same event again raises a count and makes no new object."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.api.effects import Event, Key, Resource
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, ApiError

EVENT = Resource("", "v1", "Event", "events")
MESSAGE_LIMIT, KEPT, QUIET = 1024, 4096, timedelta(minutes=1)
log = logging.getLogger(__name__)


class Recorder:
    """Writes Events; a failure to write one is logged and never stops the work."""

    def __init__(
        self,
        client: Client,
        *,
        component: str = "plumbline",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Write as `component`."""
        self._client, self._component, self._now = client, component, now
        self._said: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    async def record(self, about: Mapping[str, Any], event: Event) -> None:
        """Write an Event about an object, at most once a minute each."""
        name = _name(about, event)
        count, last = self._said.get(name, (0, None))
        now = self._now()
        if last and now - last < QUIET:
            return
        self._said[name] = (count + 1, now)
        self._said.move_to_end(name)
        if len(self._said) > KEPT:
            self._said.popitem(last=False)
        try:
            await self._write(name, about, event, count + 1, now)
        except ApiError as error:
            log.warning("event %s: %s", event.reason, error)

    async def _write(
        self, name: str, about: Mapping[str, Any], event: Event, count: int, now: datetime
    ) -> None:
        namespace = about["metadata"].get("namespace", "default")
        key, time = Key(EVENT, namespace, name), now.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            await self._client.create(key, self._event(key, about, event, time))
        except AlreadyExists:
            await self._client.merge(key, {"count": max(2, count), "lastTimestamp": time})

    def _event(self, key: Key, about: Mapping[str, Any], event: Event, time: str) -> dict[str, Any]:
        metadata = about["metadata"]
        involved = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "uid": metadata.get("uid", ""),
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": key.name, "namespace": key.namespace},
            "involvedObject": involved,
            "type": event.type,
            "reason": event.reason,
            "message": event.message[:MESSAGE_LIMIT],
            "count": 1,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "source": {"component": self._component},
            "reportingComponent": self._component,
        }


def _name(about: Mapping[str, Any], event: Event) -> str:
    metadata = about["metadata"]
    said = f"{metadata.get('uid')}/{event.type}/{event.reason}/{event.message}"
    return f"{metadata['name'][:200]}.{hashlib.sha256(said.encode()).hexdigest()[:16]}"
