"""HTTP/1.1, also for clients that offer HTTP/2, send nothing, or send endless headers.

Java's HttpClient and `curl --http2` offer HTTP/2 with every first request. A server may decline and
answer as if nothing had been offered (RFC 9110, 7.8). But the parser takes the body of such a
request for the other protocol, so the request is parsed again without the offer.

A timer for each request would take longer than reading it, so there is one for each connection.
"""

import asyncio
import sys

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

OFFER = {b"upgrade", b"http2-settings"}
# Of request line, headers and trailers: the parser keeps them in memory at many times their size.
HEAD_LIMIT = 128 * 2**10


class Connection(HttpToolsProtocol):
    """A connection that declines every upgrade, and closes when the client is silent."""

    _data, _heard, _head = b"", 0.0, 0
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch for silence."""
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._watch = self.loop.call_later(self.timeout_keep_alive, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to watch for silence."""
        super().connection_lost(exc)
        if self._watch:
            self._watch.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse the data, and keep it in case the request is parsed again."""
        self._data, self._heard = data, self.loop.time()
        self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_LIMIT and not self.transport.is_closing():
            what = f"Request line and headers are larger than {HEAD_LIMIT} bytes."
            self._end(b"431 Request Header Fields Too Large", what)

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, which has its own limit."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._head = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is not HTTP, in the same form as other errors."""
        what = "This is not an HTTP request. Check the client and the proxy."
        self._refuse(b"400 Bad Request", what)

    def _look(self) -> None:
        """Close the connection if the client sends nothing although it is its turn."""
        silent = self.loop.time() - self._heard
        if silent < self.timeout_keep_alive or not self._is_due():
            pause = max(1.0, self.timeout_keep_alive - silent)
            self._watch = self.loop.call_later(pause, self._look)
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self._end(b"408 Request Timeout", f"The client sent nothing for {int(silent)} s.")

    def _is_due(self) -> bool:
        """Whether it is the client's turn; uvicorn has a timer for the time between requests."""
        if self.cycle is None or self.cycle.more_body:
            return True
        return self.cycle.response_complete and self.timeout_keep_alive_task is None

    def _end(self, status: bytes, what: str) -> None:
        """Answer with an error and close; in the middle of another answer, only close."""
        if self.cycle and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()
        else:
            self._refuse(status, what)

    def _refuse(self, status: bytes, what: str) -> None:
        body = msgspec.json.encode({"error": what})
        form = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(b"HTTP/1.1 %s\r\n" % status + form % len(body) + body)
        self.transport.close()

    def _should_upgrade(self) -> bool:
        """Whether to decline an offer: then the request is not started, but parsed again."""
        return bool(self.scope["method"] != "CONNECT" and self.parser.should_upgrade())

    def handle_websocket_upgrade(self) -> None:
        """Parse the request again without the offer, and then what follows its headers."""
        upgrade = sys.exc_info()[1]
        if not isinstance(upgrade, httptools.HttpParserUpgrade):
            raise TypeError("there is no offer")
        rest, head = self._data[upgrade.args[0] :], self._plain_head()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(head + rest)

    def _plain_head(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.scope["method"].encode(), self.url, version)]
        lines += [b"%s: %s" % pair for pair in self.headers if pair[0] not in OFFER]
        return b"\r\n".join([*lines, b"", b""])
