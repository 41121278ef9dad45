"""Serving pods without models: one process that answers `/control` at an address for each pod.

Arguments: a file with the bodies of seconds, the port, and the seconds of history. Every pod has
had the same number of rows in every second of its history, and goes on having them.
"""

import json
import sys
import time
from pathlib import Path

import uvloop
from aiohttp import web
from plumbline.serving.counts import PAGE


class Pods:
    """Replies of pods that began a while ago."""

    def __init__(self, bodies: list[str], history: int) -> None:
        self._bodies = bodies
        self._started = int(time.time()) - history
        self._page = max(1, PAGE // max(body.count(",") // 2 for body in bodies))

    async def control(self, request: web.Request) -> web.Response:
        """Reply as a server does: with a page of the seconds after the one asked from."""
        now = int(time.time())
        since = (await request.json())["since"]
        first = max(self._started, since + 1 if since >= 0 else now + since)
        last = min(now - 1, first + self._page - 1)
        seconds = ",".join(self._second(second) for second in range(first, last + 1))
        address = request.transport.get_extra_info("sockname")[0] if request.transport else ""
        head = {"boot": address, "now": now, "started": self._started, "through": last}
        told = json.dumps({**head, "version": 1})[:-1] + f', "seconds": [{seconds}]}}'
        return web.Response(text=told, content_type="application/json")

    def _second(self, second: int) -> str:
        return f'{{"e":{second},{self._bodies[second % len(self._bodies)]}'


def main(path: str, port: str, history: str) -> None:
    """Serve until killed."""
    app = web.Application()
    bodies = json.loads(Path(path).read_text())
    app.router.add_post("/control", Pods(bodies, int(history)).control)
    loop = uvloop.new_event_loop()
    # Every pod has an address of its own in the loopback network.
    host = "0.0.0.0"  # noqa: S104
    web.run_app(app, host=host, port=int(port), loop=loop, print=None, access_log=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
