"""Kopf's HTTP session, extended: it can read very deep JSON, and knows whether each watch is open.

Kopf's JSON parser fails at about a thousand levels, and then its watch ends. Kopf takes its session
from its login, so it gets one whose responses are made shallow enough for that parser.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp

from plumbline.api.objects import Resource
from plumbline.engine.clock import Clock
from plumbline.kube import levels


class Stream:
    """Kopf's watch of one kind, as seen on the connection."""

    def __init__(self, resource: Resource, clock: Clock) -> None:
        """Count no silence before `begin`."""
        self.resource, self._clock = resource, clock
        self._last_data: float | None = None
        self._open = 0

    @property
    def is_open(self) -> bool:
        """Whether a watch is open."""
        return self._open > 0

    def silent_seconds(self) -> float:
        """Return the seconds since the last data, even a bookmark; 0 before it begins."""
        return 0.0 if self._last_data is None else self._clock.monotonic() - self._last_data

    def received(self) -> None:
        """Record that data came."""
        self._last_data = self._clock.monotonic()

    def opened(self) -> None:
        """Record that a watch began."""
        self._open += 1
        self.received()

    def closed(self) -> None:
        """Record that a watch ended."""
        self._open -= 1


class Streams:
    """The watches of some kinds."""

    def __init__(self, resources: Iterable[Resource], clock: Clock) -> None:
        """Follow the watches of these kinds."""
        self.all = [Stream(resource, clock) for resource in resources]
        self._by_plural = {stream.resource.plural: stream for stream in self.all}

    def begin(self) -> None:
        """Count silence from now on."""
        for stream in self.all:
            stream.received()

    def response_class(self) -> type[aiohttp.ClientResponse]:
        """Return the class of responses that reads deep JSON and notes what comes."""
        return type("Response", (_Response,), {"streams": self._by_plural})


class _Response(aiohttp.ClientResponse):
    """A response whose JSON can always be read, at once or line by line."""

    streams: Mapping[str, Stream]

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Start; a watch is then read through `_Lines`."""
        await super().start(connection)
        stream = self.streams.get(self.url.name)
        if stream and self.status == 200 and "watch" in self.url.query:
            self.content = _Lines(self.content, stream)  # type: ignore[assignment]
        return self

    async def json(self, **options: Any) -> Any:
        """Return the JSON of the response."""
        return await super().json(**{"loads": _loads, **options})


class _Lines:
    """The content of a watch, in complete lines that are not too deep."""

    def __init__(self, content: aiohttp.StreamReader, stream: Stream) -> None:
        """Read from this content, and record what comes."""
        self._content, self._stream = content, stream

    def __getattr__(self, name: str) -> Any:
        """Behave like the content in everything else."""
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield the lines that have come, one or more at a time."""
        self._stream.opened()
        rest = b""
        try:
            async for chunk in self._content.iter_chunked(size):
                self._stream.received()
                *lines, rest = (rest + chunk).split(b"\n")
                if lines:
                    yield b"".join(levels.shallow_line(line) + b"\n" for line in lines)
        finally:
            self._stream.closed()


def _loads(text: str) -> Any:
    try:
        return levels.read(text)
    except ValueError:
        return json.loads(text)  # raises the error that kopf handles
