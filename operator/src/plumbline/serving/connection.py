"""HTTP/1.1, also for clients that offer to go on in another protocol.

Java's own client and `curl --http2` offer HTTP/2 with every first request. A server may decline and
answer as if nothing had been offered (RFC 9110, 7.8); but the parser takes the body of such a
request for the other protocol, so the request is read again without the offer.
"""

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

OFFER = {b"upgrade", b"http2-settings"}


class Connection(HttpToolsProtocol):
    """A connection that stays with HTTP/1.1 whatever is offered."""

    _data = b""

    def data_received(self, data: bytes) -> None:
        """Take what came, and keep it for as long as it is looked at."""
        self._data = data
        super().data_received(data)

    def _should_upgrade(self) -> bool:
        """Begin no request that holds an offer: it comes again without."""
        return bool(self.scope["method"] != "CONNECT" and self.parser.should_upgrade())

    def handle_websocket_upgrade(self) -> None:
        """Read the request again without the offer, and then what came after its headers."""
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
