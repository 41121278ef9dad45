"""Kubernetes Events; a repeated event raises a count and creates no new object."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.api.plan import Event
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, ApiError, NotFound
from plumbline.log import get_logger

EVENT = Resource("", "v1", "Event", "events")
MESSAGE_BYTES, KEPT, QUIET = 1024, 4096, timedelta(minutes=1)
log = get_logger(__name__)


class EventRecorder:
    """Writes Events; a failed write is logged and never stops other work."""

    def __init__(
        self,
        client: Client,
        *,
        component: str = "plumbline",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Write as `component`."""
        self._client, self._component, self._now = client, component, now
        self._written: OrderedDict[str, datetime] = OrderedDict()

    async def record(self, about: Mapping[str, Any], event: Event) -> None:
        """Write an Event about an object; the same one at most once a minute."""
        name, now = name_of(about, event), self._now()
        last = self._written.get(name)
        if last and now - last < QUIET:
            return
        # Before the write, so that a failed one is not repeated within the minute either.
        self._remember(name, now)
        # Events about objects without a namespace belong into the namespace default.
        key = Key(EVENT, about["metadata"].get("namespace") or "default", name)
        try:
            await self._write(key, about, event, now)
        except ApiError as error:
            log.warning("event not written", reason=event.reason, error=error)

    def _remember(self, name: str, now: datetime) -> None:
        self._written[name] = now
        self._written.move_to_end(name)
        if len(self._written) > KEPT:
            self._written.popitem(last=False)

    async def _write(self, key: Key, about: Mapping[str, Any], event: Event, now: datetime) -> None:
        """Create the Event or raise its count; the server may have deleted it in between."""
        time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            await self._client.create(key, self._event(key, about, event, time))
        except AlreadyExists:
            try:
                count = (await self._client.get(key)).get("count") or 1
                await self._client.merge(key, {"count": count + 1, "lastTimestamp": time})
            except NotFound:
                log.debug("event expired while it was counted", event=key.name)

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
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": key.name, "namespace": key.namespace},
            "involvedObject": involved,
            "type": event.type,
            "reason": event.reason,
            "message": cut(event.message),
            "count": 1,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "source": {"component": self._component},
            "reportingComponent": self._component,
        }


def name_of(about: Mapping[str, Any], event: Event) -> str:
    """Return the name of the Event, the same for the same message about the same object."""
    metadata = about["metadata"]
    content = f"{metadata.get('uid')}/{event.type}/{event.reason}/{event.message}"
    return f"{metadata['name'][:200]}.{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def cut(message: str) -> str:
    """Return the message, cut to the limit in bytes but never inside a character."""
    data = message.encode()
    if len(data) <= MESSAGE_BYTES:
        return message
    return data[: MESSAGE_BYTES - 3].decode(errors="ignore") + "..."
