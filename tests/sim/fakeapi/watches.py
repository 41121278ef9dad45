"""Watches: events from a version on, bookmarks, and both ways to say that it is too old."""

import asyncio
import time
from collections import Counter
from typing import Any, Literal

from aiohttp import web

from tests.sim.fakeapi import levels
from tests.sim.fakeapi.faults import Faults
from tests.sim.fakeapi.history import Change
from tests.sim.fakeapi.refusal import Refusal
from tests.sim.fakeapi.requests import Asked
from tests.sim.fakeapi.store import Store

Object = dict[str, Any]


Told = tuple[int, int, int, int]


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
        self.bookmark_seconds, self.open, self._closed = bookmark_seconds, 0, False
        self._cuts = self._ends = self._failures = 0
        self._mutes = Counter[str]()
        self._live = Counter[tuple[str, Told]]()

    def close(self) -> None:
        """End all watches for good."""
        self._closed = True
        self._store.history.wake()

    def cut(self) -> None:
        """Break the connections of all watches that are open now."""
        self._cuts += 1
        self._store.history.wake()

    def mute(self, *plurals: str) -> None:
        """Say nothing more on the watches of these that are open now, as dead connections do."""
        self._mutes.update(plurals)
        self._store.history.wake()

    def end(self) -> None:
        """End all watches that are open now, as the server does now and then."""
        self._ends += 1
        self._store.history.wake()

    def fail(self) -> None:
        """Say on all watches that are open now that something is wrong with the server."""
        self._failures += 1
        self._store.history.wake()

    async def serve(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        version = int(asked.query.get("resourceVersion") or self._store.version)
        if self._gone == "status":
            self._store.history.since(version, asked.resource)
        await response.prepare(request)
        self.open += 1
        try:
            await self._live_on(asked, request, response, version)
        except Refusal as refusal:
            await _send(response, {"type": "ERROR", "object": refusal.status()})
        except ConnectionError:
            pass  # the client has hung up, as it may
        finally:
            self.open -= 1
        return response

    async def _live_on(
        self, asked: Asked, request: web.Request, response: web.StreamResponse, version: int
    ) -> None:
        self._store.history.since(version, asked.resource)
        kind = asked.resource.plural, self._told(asked.resource.plural)
        self._live[kind] += 1
        try:
            await self._stream(asked, request, response, version)
        finally:
            self._live[kind] -= 1

    async def _stream(
        self, asked: Asked, request: web.Request, response: web.StreamResponse, version: int
    ) -> None:
        end = time.monotonic() + float(asked.query.get("timeoutSeconds") or 300)
        cuts, mutes, ends, failures = told = self._told(asked.resource.plural)
        marked = time.monotonic()
        while not self._closed and time.monotonic() < end and self._ends == ends:
            if self._cuts != cuts and request.transport:
                request.transport.abort()
                return
            if self._failures != failures:
                raise Refusal(500, "InternalError", "injected")
            if self._mutes[asked.resource.plural] != mutes:
                await self._store.history.wait(1.0)
                continue
            reached = self._store.version
            for change in self._store.history.since(version, asked.resource):
                await self._send_change(asked, response, change)
            version = reached
            if time.monotonic() - marked >= self.bookmark_seconds:
                marked = time.monotonic()
                await _send(response, _bookmark(asked, version))
            left = min(end, marked + self.bookmark_seconds) - time.monotonic()
            if version == self._store.version and self._told(asked.resource.plural) == told:
                await self._store.history.wait(max(0.0, left))

    def live(self, plural: str) -> int:
        """Return how many watches are open to which nothing of all this has been done."""
        return self._live[plural, self._told(plural)]

    def _told(self, plural: str) -> Told:
        """Return how often each thing has been done to the watches that were open."""
        return self._cuts, self._mutes[plural], self._ends, self._failures

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
