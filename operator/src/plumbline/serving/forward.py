"""Forwards the canary's share of requests, and answers itself when the canary does not.

The share is exact, not drawn by lot: an account grows by the percentage with every request, and one
is forwarded whenever it is full. A canary that errs, refuses or is late costs the client nothing
but the time waited.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.serving.tally import Arm

if TYPE_CHECKING:
    import aiohttp

FORWARDED = b"x-plumbline-forwarded"
# The canary's own time: the hop to it is ours, and would be gone after the promotion.
OWN_SECONDS = "x-plumbline-seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What the operator wants forwarded."""

    token: str
    target: str
    percent: int
    timeout_seconds: float = 1.0

    @staticmethod
    def of(wire: dict[str, Any] | None) -> "Routing | None":
        """Return the routing that the operator sent."""
        if not wire or not wire.get("percent"):
            return None
        return Routing(
            token=str(wire["token"]),
            target=str(wire["target"]).rstrip("/"),
            percent=min(100, int(wire["percent"])),
            timeout_seconds=float(wire.get("timeoutSeconds", 1.0)),
        )


class Forwarder:
    """Sends the share of requests that the routing names to the canary."""

    def __init__(self) -> None:
        """Begin without a routing."""
        self.routing: Routing | None = None
        self._account = 0
        self._session: aiohttp.ClientSession | None = None

    def follow(self, routing: Routing | None) -> None:
        """Take over a routing; the account starts anew with a new one."""
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

    async def send(
        self, routing: Routing, path: str, body: bytes, arm: Arm
    ) -> tuple[bytes, dict[str, str]] | None:
        """Return the canary's answer, or None when it failed."""
        started = time.perf_counter()
        answer = await self._attempt(routing, path, body)
        seconds = time.perf_counter() - started
        if answer is None:
            arm.fallbacks += 1
            arm.add(seconds, failed=True)
        else:
            arm.add(float(answer[1].get(OWN_SECONDS, seconds)), failed=False)
        return answer

    async def _attempt(
        self, routing: Routing, path: str, body: bytes
    ) -> tuple[bytes, dict[str, str]] | None:
        import aiohttp

        session = self._opened()
        headers = {FORWARDED.decode(): "1", "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=routing.timeout_seconds)
        try:
            async with session.post(
                routing.target + path, data=body, headers=headers, timeout=timeout
            ) as answer:
                content = await answer.read()
                return (content, dict(answer.headers)) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError):
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
