"""One HTTP request to the API server, its response, and its errors.

Every failure is raised as an `ApiError` that names the request.
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
TIMEOUT_SECONDS = 30.0
# A watch without news gets a bookmark about once a minute.
SILENCE_SECONDS = 120.0
# ValueError: a line of a watch that is not JSON.
BROKEN = (aiohttp.ClientError, TimeoutError, ValueError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, with `attempt` as its description for messages."""

    attempt: str
    method: str
    path: str
    plural: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"

    def options(self) -> dict[str, Any]:
        """Return the arguments of the HTTP library besides method and address."""
        if self.body is None:
            return {"params": self.query}
        body, headers = to_json(self.body), {"Content-Type": self.content_type}
        return {"params": self.query, "data": body, "headers": headers}


class Transport:
    """Sends requests through one pool of connections."""

    def __init__(
        self,
        connection: Connection,
        on_request: OnRequest,
        may_write: MayWrite = lambda: True,
    ) -> None:
        """Connect when opened; call `on_request` for each request, `may_write` before a write."""
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
        """Return the JSON object of the response.

        Raises:
            ApiError: the request was refused, or there was no response.
        """
        answer = await self.read(request)
        try:
            return dict(levels.read(answer))
        except (ValueError, TypeError) as error:
            raise Unavailable(
                f"{request.attempt}: the response is not a JSON object: {error}"
            ) from error

    async def read(self, request: Request) -> bytes:
        """Return the bytes of the response.

        Raises:
            ApiError: the request was refused, or there was no response.
            NotLeading: it is a write and this replica no longer leads; nothing was sent.
        """
        # As late as possible: the Lease can expire while a plan is made and carried out.
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
            raise Unavailable(f"{request.attempt}: {_error_text(error)}") from error

    async def stream(self, request: Request) -> AsyncIterator[Object]:
        """Yield one parsed event per line until the server ends the response.

        Raises:
            Gone: the server no longer knows the requested resourceVersion.
            Unavailable: the connection broke, or not even a bookmark came for two minutes.
        """
        # A watch is a GET, but lasts for minutes, so it is counted under a name of its own.
        self._on_request("WATCH", request.plural)
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        try:
            async with self._send(request, timeout) as response:
                if response.status >= 400:
                    raise await _refusal(response, request.attempt)
                async for event in _events(response, request.attempt):
                    yield event
        except BROKEN as error:
            raise Unavailable(f"{request.attempt}: {_error_text(error)}") from error

    def _send(self, request: Request, timeout: aiohttp.ClientTimeout) -> Any:
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        address = self._connection.server + request.path
        return self._session.request(request.method, address, timeout=timeout, **request.options())


async def _events(response: aiohttp.ClientResponse, attempt: str) -> AsyncIterator[Object]:
    """Yield the events of a watch; an ERROR event is raised as an `ApiError`."""
    # What is left in `rest` at the end is half an event; the next watch gets it again.
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


def _error_text(error: Exception) -> str:
    """Return the text of a connection's error; that of a timeout is empty."""
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__


def _error(
    answer: Object, attempt: str, *, status: int, retry_after: str | None = None
) -> ApiError:
    """Return the error for a Status object."""
    return error_of(
        answer.get("code") or status,
        answer.get("reason") or "",
        answer.get("message") or "",
        attempt=attempt,
        retry_after=retry_after,
    )
