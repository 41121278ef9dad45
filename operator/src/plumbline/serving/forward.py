"""Forwards the canary's share of the requests, and answers itself if the canary does not.

The share is exact, not random: a counter grows by the percentage with each request, and at 100 a
request is forwarded. If the canary fails, is late or gives a wrong answer, the client gets the
answer of the stable model, only later.
"""

import time
from typing import TYPE_CHECKING

from plumbline.contract.control import Routing
from plumbline.serving.reply import ForwardedRequest, Reply, read
from plumbline.serving.request_stats import Arm

if TYPE_CHECKING:
    import aiohttp

FORWARDED = b"x-plumbline-forwarded"
ANSWER_LIMIT = 64 * 2**20
# A canary is late only if it is much slower than the stable model would be for so many rows.
TIMES_AS_SLOW = 3


class Forwarder:
    """Sends the share of requests that the routing names to the canary."""

    def __init__(self) -> None:
        """Start without a routing."""
        self.routing: Routing | None = None
        self._account = 0
        self._session: aiohttp.ClientSession | None = None

    def follow(self, routing: Routing | None) -> None:
        """Use a routing from now on; with a new one, the counter starts at 0."""
        if routing != self.routing:
            self.routing, self._account = routing, 0

    def is_due(self) -> bool:
        """Return whether the next request goes to the canary."""
        if self.routing is None:
            return False
        self._account += self.routing.percent
        if self._account < 100:
            return False
        self._account -= 100
        return True

    async def send(self, routing: Routing, forwarded: ForwardedRequest, arm: Arm) -> Reply | None:
        """Return the canary's answer, or None when it failed."""
        started = time.perf_counter()
        reply = await self._attempt(routing, forwarded)
        seconds = time.perf_counter() - started
        if reply is None:
            arm.fallbacks += 1
            arm.add(seconds, failed=True)
        else:
            own = reply.seconds
            # The canary reports its time, without the network; a time that cannot be is ignored.
            arm.add(own if own is not None and 0 <= own <= seconds else seconds, failed=False)
        return reply

    async def _attempt(self, routing: Routing, forwarded: ForwardedRequest) -> Reply | None:
        import aiohttp

        session = self._opened()
        headers = {FORWARDED.decode(): "1", "Content-Type": "application/json"}
        patience = routing.timeout_seconds + TIMES_AS_SLOW * forwarded.seconds
        timeout = aiohttp.ClientTimeout(total=patience)
        url, body = routing.target + forwarded.path, forwarded.body
        try:
            async with session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await _within_bounds(answer.content) if answer.status == 200 else b""
                return read(content, answer.headers, forwarded)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    def _opened(self) -> "aiohttp.ClientSession":
        import aiohttp

        if self._session is None:
            connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=5, ttl_dns_cache=5)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


async def _within_bounds(content: "aiohttp.StreamReader") -> bytes:
    """Return a body.

    Raises:
        ValueError: it is too large.
    """
    found = bytearray()
    async for part in content.iter_any():
        found += part
        if len(found) > ANSWER_LIMIT:
            raise ValueError(f"an answer of more than {ANSWER_LIMIT} bytes")
    return bytes(found)
