"""The HTTP endpoints for Kubernetes and Prometheus: /livez, /readyz and /metrics."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from plumbline.shell.metrics import Metrics

Words = Callable[[], list[str]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Probes:
    """Two small servers: probes on one port, metrics on the other."""

    def __init__(self, *, metrics: Metrics, trouble: Words, missing: Words) -> None:
        """Answer by `trouble()`, which names what is stuck, and `missing()`, what is unwatched.

        /livez fails for what is stuck, since a restart helps; /readyz also for what is missing.
        """
        self._metrics, self._trouble, self._missing = metrics, trouble, missing
        self._runners: list[web.AppRunner] = []

    async def start(self, *, probe_port: int, metrics_port: int) -> None:
        """Listen on both ports."""
        alive: dict[str, Handler] = {"/livez": self._livez, "/readyz": self._readyz}
        await self._listen(probe_port, alive)
        await self._listen(metrics_port, {"/metrics": self._show})

    async def stop(self) -> None:
        """Close both ports."""
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, port: int, routes: dict[str, Handler]) -> None:
        app = web.Application()
        for path, handler in routes.items():
            app.router.add_get(path, handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port).start()  # noqa: S104 - a pod's own address
        self._runners.append(runner)

    async def _livez(self, _: web.Request) -> web.Response:
        return _answer(self._trouble())

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer([*self._trouble(), *self._missing()])

    async def _show(self, _: web.Request) -> web.Response:
        # With hundreds of monitors this takes half a second, and the loop must renew a Lease.
        page = await asyncio.to_thread(self._metrics.text)
        return web.Response(body=page, content_type="text/plain", charset="utf-8")


def _answer(found: list[str]) -> web.Response:
    return web.Response(status=500 if found else 200, text="; ".join(found) or "ok")
