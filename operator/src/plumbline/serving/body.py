"""The body of a request: read up to a limit, or discarded up to a limit.

Many clients read no answer before they have sent everything. If the server closed the connection
after an early answer, they would see a reset instead of the error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from plumbline.serving.errors import RequestError

BODY_LIMIT, READ_SECONDS = 16 * 2**20, 60.0
DISCARD_LIMIT, DISCARD_SECONDS = 100 * 2**20, 10.0
CODING, BINARY = b"content-encoding", b"inference-header-content-length"
UNREAD, ROOM = {CODING, BINARY}, 64 * 2**20
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Room:
    """The memory for all large bodies together."""

    def __init__(self, size: int = ROOM) -> None:
        """Allow so many bytes."""
        self.free = size

    def take(self, size: int) -> None:
        """Reserve bytes.

        Raises:
            RequestError: other requests have reserved too many.
        """
        if size > self.free:
            message = "Too many large requests at once; try again in a second."
            raise RequestError(message, status=503, headers={b"retry-after": b"1"})
        self.free -= size


class Body:
    """What a client sends after the headers.

    Attributes:
        ended: whether everything has arrived, or the client has closed the connection.
    """

    def __init__(self, headers: Mapping[bytes, bytes], receive: Receive, room: Room) -> None:
        """Remember the headers; reading starts later."""
        self._headers, self._receive, self._room = headers, receive, room
        self._held, self.ended = 0, False

    async def read(self, *, limit: int = BODY_LIMIT, seconds: float = READ_SECONDS) -> bytes:
        """Return the body.

        Raises:
            RequestError: it is too large, too slow, or has an encoding that this server does not
                read; or too many other large bodies are in memory.
        """
        self._check_headers(limit)
        # Most bodies arrive in one part; a timer for each would take longer than reading it.
        parts = [await self._next()]
        if not self.ended:
            await self._read_rest(parts, limit, seconds)
        elif len(parts[0]) > limit:
            raise _too_large(limit)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def release(self) -> None:
        """Give back the reserved memory."""
        self._room.free += self._held
        self._held = 0

    async def discard(
        self, *, limit: int = DISCARD_LIMIT, seconds: float = DISCARD_SECONDS
    ) -> None:
        """Read the rest and throw it away, up to a limit of bytes and seconds."""
        size = 0
        try:
            async with asyncio.timeout(seconds):
                while not self.ended and size < limit:
                    size += len(await self._next())
        except (TimeoutError, RequestError):
            return

    async def _read_rest(self, parts: list[bytes], limit: int, seconds: float) -> None:
        size = self._hold(len(parts[0]))
        try:
            async with asyncio.timeout(seconds):
                while not self.ended:
                    parts.append(await self._next())
                    size += self._hold(len(parts[-1]))
                    if size > limit:
                        raise _too_large(limit)
        except TimeoutError:
            self.ended = True
            message = f"The body did not arrive within {seconds:g} s."
            raise RequestError(message, status=408) from None

    def _hold(self, size: int) -> int:
        self._room.take(size)
        self._held += size
        return size

    def _check_headers(self, limit: int) -> None:
        headers = self._headers
        if int(headers.get(b"content-length", b"0")) > limit:
            raise _too_large(limit)
        if not UNREAD.isdisjoint(headers):
            _check_form(headers)

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise RequestError("The client closed the connection.")
        self.ended = not message.get("more_body")
        return bytes(message.get("body", b""))


def _check_form(headers: Mapping[bytes, bytes]) -> None:
    if (coding := headers.get(CODING, b"identity").lower()) != b"identity":
        said = coding[:40].decode("latin-1")
        message = f"Content-Encoding {said!r} is not supported. Send the body uncompressed."
        raise RequestError(message, status=415)
    if BINARY in headers:
        message = "Tensors in binary form are not supported (binary extension). Send JSON."
        raise RequestError(message, status=415)


def _too_large(limit: int) -> RequestError:
    return RequestError(f"The body is larger than {limit} bytes. Split the request.", status=413)
