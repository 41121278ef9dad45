"""Watches: events from a version on, bookmarks, and both ways to say that it is too old."""

import asyncio
import time
from typing import Any, Literal

from aiohttp import web

from tests.sim.fakeapi import levels
from tests.sim.fakeapi.faults import Faults
from tests.sim.fakeapi.history import Change
from tests.sim.fakeapi.refusal import Refusal
from tests.sim.fakeapi.requests import Asked
from tests.sim.fakeapi.store import Store

Object = dict[str, Any]


class Watches:
    """Serves watches until they time out, are cut, or the server closes."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        *,
        gone: Literal["status", "stream"],
        bookmark_seconds: float,
    ) -> None:
        self._store, self._faults, self._gone = store, faults, gone
        self.bookmark_seconds, self.open, self._closed, self._cuts = bookmark_seconds, 0, False, 0

    def close(self) -> None:
        """End all watches for good."""
        self._closed = True
        self._store.history.wake()

    def cut(self) -> None:
        """Break the connections of all watches that are open now."""
        self._cuts += 1
        self._store.history.wake()

    async def serve(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        version = int(asked.query.get("resourceVersion") or self._store.version)
        if self._gone == "status":
            self._store.history.since(version, asked.resource)
        await response.prepare(request)
        self.open += 1
        try:
            await self._stream(asked, request, response, version)
        except Refusal as refusal:
            await _send(response, {"type": "ERROR", "object": refusal.status()})
        except ConnectionError:
            pass  # the client has hung up, as it may
        finally:
            self.open -= 1
        return response

    async def _stream(
        self, asked: Asked, request: web.Request, response: web.StreamResponse, version: int
    ) -> None:
        end = time.monotonic() + float(asked.query.get("timeoutSeconds") or 300)
        cuts, marked = self._cuts, time.monotonic()
        while not self._closed and time.monotonic() < end:
            if self._cuts != cuts and request.transport:
                request.transport.abort()
                return
            reached = self._store.version
            for change in self._store.history.since(version, asked.resource):
                await self._send_change(asked, response, change)
            version = reached
            if time.monotonic() - marked >= self.bookmark_seconds:
                marked = time.monotonic()
                await _send(response, _bookmark(asked, version))
            left = min(end, marked + self.bookmark_seconds) - time.monotonic()
            if version == self._store.version and self._cuts == cuts:
                await self._store.history.wait(max(0.0, left))

    async def _send_change(
        self, asked: Asked, response: web.StreamResponse, change: Change
    ) -> None:
        event = change.seen_by(asked.namespace, asked.selector)
        if event and not self._faults.loses(event):
            await _send(response, event)


def _bookmark(asked: Asked, version: int) -> Object:
    return {
        "type": "BOOKMARK",
        "object": {
            "kind": asked.resource.kind,
            "apiVersion": asked.resource.api_version,
            "metadata": {"resourceVersion": str(version)},
        },
    }


async def _send(response: web.StreamResponse, event: Object) -> None:
    await response.write(levels.sent(event) + b"\n")
    await asyncio.sleep(0)
