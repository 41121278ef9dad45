"""One HTTP exchange with the API server: what was asked, what came back, what went wrong.

Everything that can fail on the wire leaves here as an `ApiError` that says what was attempted.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic_core import to_json

from plumbline.kube import levels
from plumbline.kube.config import Connection
from plumbline.kube.errors import ApiError, NotLeading, Unavailable, error_of

Object = dict[str, Any]
OnRequest = Callable[[str, str], None]
MayWrite = Callable[[], bool]
TIMEOUT_SECONDS, SILENCE_SECONDS = 30.0, 120.0
BROKEN = (aiohttp.ClientError, TimeoutError, ValueError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, and in words what it attempts on which object."""

    attempt: str
    method: str
    path: str
    plural: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"

    def options(self) -> dict[str, Any]:
        """Return what the HTTP library needs beside the method and the address."""
        if self.body is None:
            return {"params": self.query}
        body, headers = to_json(self.body), {"Content-Type": self.content_type}
        return {"params": self.query, "data": body, "headers": headers}


class Transport:
    """Sends requests over one pool of connections."""

    def __init__(
        self,
        connection: Connection,
        on_request: OnRequest,
        may_write: MayWrite = lambda: True,
    ) -> None:
        """Connect when opened; tell of every request, and ask before every write."""
        self._connection, self._on_request = connection, on_request
        self._may_write = may_write
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the pool."""
        self._session = self._connection.session()

    async def close(self) -> None:
        """Close the pool."""
        if self._session:
            await self._session.close()

    async def call(self, request: Request) -> Object:
        """Return the answer's JSON object.

        Raises:
            ApiError: it was refused, or there was no answer.
        """
        answer = await self.read(request)
        try:
            return dict(levels.read(answer))
        except ValueError as error:
            raise Unavailable(f"{request.attempt}: the answer is not JSON: {error}") from error

    async def read(self, request: Request) -> bytes:
        """Return the answer's bytes.

        Raises:
            ApiError: it was refused, or there was no answer.
            NotLeading: it is a write and this replica no longer leads; nothing was sent.
        """
        if request.method != "GET" and not self._may_write():
            raise NotLeading(f"{request.attempt}: this replica no longer leads")
        self._on_request(request.method, request.plural)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with self._send(request, timeout) as response:
                if response.status >= 400:
                    raise await _refusal(response, request.attempt)
                return bytes(await response.read())
        except BROKEN as error:
            raise Unavailable(f"{request.attempt}: {error!r}") from error

    async def stream(self, request: Request) -> AsyncIterator[Object]:
        """Yield one parsed event a line until the server ends the answer.

        Raises:
            Gone: the server no longer knows the version that was asked for.
            Unavailable: the connection broke, or not even a bookmark came for two minutes.
        """
        self._on_request("WATCH", request.plural)
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        try:
            async with self._send(request, timeout) as response:
                if response.status >= 400:
                    raise await _refusal(response, request.attempt)
                async for event in _events(response, request.attempt):
                    yield event
        except BROKEN as error:
            raise Unavailable(f"{request.attempt}: {error!r}") from error

    def _send(self, request: Request, timeout: aiohttp.ClientTimeout) -> Any:
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        address = self._connection.server + request.path
        return self._session.request(request.method, address, timeout=timeout, **request.options())


async def _events(response: aiohttp.ClientResponse, attempt: str) -> AsyncIterator[Object]:
    """Yield the events of a watch; the in-stream error is raised as what it stands for."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            event = levels.read(line)
            if event["type"] == "ERROR":
                raise _error(event["object"], attempt, status=500)
            yield event


async def _refusal(response: aiohttp.ClientResponse, attempt: str) -> ApiError:
    text = await response.text()
    try:
        answer = levels.read(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {"message": text[:300], "reason": response.reason}
    retry_after = response.headers.get("Retry-After")
    return _error(answer, attempt, status=response.status, retry_after=retry_after)


def _error(
    answer: Object, attempt: str, *, status: int, retry_after: str | None = None
) -> ApiError:
    """Return the error that a Status object stands for."""
    return error_of(
        answer.get("code") or status,
        answer.get("reason") or "",
        answer.get("message") or "",
        attempt=attempt,
        retry_after=retry_after,
    )
