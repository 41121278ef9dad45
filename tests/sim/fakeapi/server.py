"""A small API server in memory, for what no real one can be made to do on command.

async with FakeApi(resources=[RUN, JOB], with_status={"runs"}) as api:
    api.faults.add("reset_after", verb="create", plural="jobs")
    async with Client(api.connection()) as client:
        ...
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, Literal

from aiohttp import web
from plumbline.api.objects import Resource
from plumbline.kube.config import Connection

from tests.sim.fakeapi import levels
from tests.sim.fakeapi.discovery import discover
from tests.sim.fakeapi.faults import Call, Fault, Faults
from tests.sim.fakeapi.lists import Lists
from tests.sim.fakeapi.refusal import Refusal, conflict, too_old
from tests.sim.fakeapi.requests import Asked, read
from tests.sim.fakeapi.store import Store
from tests.sim.fakeapi.watches import Watches
from tests.sim.fakeapi.writes import Writes

Object = dict[str, Any]
SLOW_SECONDS = 0.5
# Without the machine's certificates, which take longer to load than the server to start.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class FakeApi:
    """The server: what it holds, what it was asked, what will go wrong."""

    def __init__(
        self,
        *,
        resources: Iterable[Resource],
        with_status: set[str],
        gone: Literal["status", "stream"] = "stream",
        bookmark_seconds: float = 60.0,
    ) -> None:
        self.store, self.faults, self.calls = Store(), Faults(), list[Call]()
        self._resources = {(r.group, r.version, r.plural): r for r in resources}
        self.lists = Lists(self.store)
        self.watches = Watches(
            self.store, self.faults, gone=gone, bookmark_seconds=bookmark_seconds
        )
        self._writes = Writes(self.store, with_status=with_status)
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self._site: web.TCPSite | None = None
        self._port = 0

    async def __aenter__(self) -> "FakeApi":
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await self.come_back()
        return self

    async def come_back(self) -> None:
        """Listen, at the same address as before."""
        assert self._runner
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def go_away(self) -> None:
        """Break all connections and take no new ones."""
        assert self._runner
        assert self._site
        await self._site.stop()
        for handler in self._runner.server.connections if self._runner.server else ():
            handler.force_close()
            if handler.transport:
                handler.transport.abort()

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self.watches.close()
        if self._runner:
            await self._runner.cleanup()

    def connection(self) -> Connection:
        return Connection(server=f"http://127.0.0.1:{self._port}", tls=NO_TLS)

    def writes(self) -> list[Call]:
        """Return the calls that wanted to change something."""
        return [call for call in self.calls if call.is_write]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if found := discover(request.path, self._resources.values()):
            return web.json_response(found)
        try:
            asked = read(request, self._resources)
            self.calls.append(asked.call)
            fault = self.faults.next(asked.call)
            if fault:
                await self._break(fault, asked, request)
            if asked.verb == "watch":
                return await self.watches.serve(asked, request)
            code, body = await self._serve(asked, request)
        except Refusal as refusal:
            headers, status = refusal.headers, refusal.status()
            return web.json_response(status, status=refusal.code, headers=headers)
        if fault and fault.kind == "reset_after":
            self._reset(request)
        if fault and fault.kind == "hang_after":
            await self._closing.wait()
        return web.Response(
            body=levels.sent(body), status=code, content_type="application/json", charset="utf-8"
        )

    async def _serve(self, asked: Asked, request: web.Request) -> tuple[int, Object]:
        if asked.verb == "list":
            return 200, self.lists.page(asked)
        if asked.verb == "get":
            return 200, self.store.get(asked.key)
        return await self._writes.answer(asked, request)

    async def _break(self, fault: Fault, asked: Asked, request: web.Request) -> None:
        match fault.kind:
            case "conflict":
                raise conflict(f'{asked.resource.plural} "{asked.name}"', "injected")
            case "throttle":
                wait = {"Retry-After": fault.retry_after}
                raise Refusal(429, "TooManyRequests", "come back later", headers=wait)
            case "error":
                raise Refusal(500, "InternalError", "injected")
            case "hang":
                await self._closing.wait()
                raise Refusal(503, "ServiceUnavailable", "closing")
            case "reset":
                self._reset(request)
                raise Refusal(503, "ServiceUnavailable", "the connection is broken")
            case "expire":
                raise too_old()
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "unauthorized":
                raise Refusal(401, "Unauthorized", "Unauthorized")
            case "forbidden":
                raise Refusal(403, "Forbidden", f"may not {asked.verb} {asked.resource.plural}")
            case "reset_after" | "hang_after":
                return

    def _reset(self, request: web.Request) -> None:
        if request.transport:
            request.transport.abort()
