"""The HTTP that Kubernetes and Prometheus ask: /livez, /readyz and /metrics."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from plumbline.shell.metrics import Metrics

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Probes:
    """Two small servers: probes on one port, metrics on the other."""

    def __init__(self, *, metrics: Metrics, trouble: Callable[[], list[str]]) -> None:
        """Answer /livez from `trouble()`, which names what is stuck."""
        self._metrics, self._trouble = metrics, trouble
        self._runners: list[web.AppRunner] = []

    async def start(self, *, probe_port: int, metrics_port: int) -> None:
        """Listen on both ports."""
        alive: dict[str, Handler] = {"/livez": self._livez, "/readyz": self._livez}
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
        found = self._trouble()
        return web.Response(status=500 if found else 200, text="; ".join(found) or "ok")

    async def _show(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), content_type="text/plain", charset="utf-8")
