"""The data port: Open Inference Protocol v2 as a plain ASGI application."""

import itertools
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.serving.body import Body, Receive, Room
from plumbline.serving.counts import Counts
from plumbline.serving.errors import RequestError
from plumbline.serving.forward import FORWARDED, OWN_SECONDS, Forwarder
from plumbline.serving.pages import Pages
from plumbline.serving.predictor import Predictor
from plumbline.serving.protocol import InferRequest, parse
from plumbline.serving.reader import Columns, Reader
from plumbline.serving.tally import Tally
from plumbline.serving.writer import Writer

CLOSING = (408, 413)
Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Given = Mapping[bytes, bytes]
_PRINTABLE = bytes(code if 32 <= code < 127 else ord("?") for code in range(256))


class App:
    """Answers requests with one model."""

    def __init__(
        self, *, name: str, identity: str, predictor: Predictor, counts: Counts, tally: Tally
    ) -> None:
        """Serve as model `name`."""
        content = predictor.model.content
        self._predictor, self._counts, self._tally = predictor, counts, tally
        self.forwarder, self.draining, self._room = Forwarder(), False, Room()
        self._reader = Reader(content["features"])
        self._writer = Writer(name=name, version=identity, classes=content.get("classes"))
        self._ids, self._prefix = itertools.count(), f"{os.getpid():x}-{time.time_ns():x}-"
        self._infer = {f"/v2/models/{name}{v}/infer" for v in ("", f"/versions/{identity}")}
        self._pages = Pages(
            name=name, version=identity, content=content, outputs=self._writer.outputs
        )
        self._identity = identity.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path, started = scope["path"], time.perf_counter()
        if path not in self._infer:
            path = path.rstrip("/")
        given = dict(scope["headers"])
        body = Body(given, receive, self._room)
        headers: Headers = [(b"content-type", b"application/json")]
        self._tally.in_flight += 1
        try:
            status, content = await self._answer(scope["method"], path, given, body, headers)
        except RequestError as error:
            status, content = error.status, msgspec.json.encode({"error": str(error)})
            headers.extend(error.headers.items())
        except Exception as error:
            status, content = 500, msgspec.json.encode({"error": f"internal error: {error!r}"})
        finally:
            self._tally.in_flight -= 1
            body.release()
        if path in self._infer:
            self._tally.ended(time.perf_counter() - started, status)
        if self.draining or status in CLOSING or (b"expect" in given and not body.ended):
            headers.append((b"connection", b"close"))
        await _respond(send, status, content, headers, body)

    async def _answer(
        self, method: str, path: str, given: Given, body: Body, headers: Headers
    ) -> tuple[int, bytes]:
        if path not in self._infer:
            return self._pages.answer(method, path, ready=not self.draining)
        if method != "POST":
            raise RequestError("use POST to infer", status=405, headers={b"allow": b"POST"})
        return 200, await self._inferred(path, given, await body.read(), headers)

    async def _inferred(self, path: str, given: Given, body: bytes, headers: Headers) -> bytes:
        request = parse(body)
        columns, rows = self._reader.columns(request)
        self._writer.check(request)
        self._tally.rows += rows
        id_ = request.id or f"{self._prefix}{next(self._ids):x}"
        headers.append((b"x-request-id", _safe(id_)))
        routing = self.forwarder.routing
        if routing and FORWARDED not in given:
            stable, canary = self._tally.pair(routing.token)
            if self.forwarder.is_due():
                answer = await self.forwarder.send(routing, path, body, canary)
                if answer is not None:
                    self._counts.note(columns, None)
                    model = answer[1].get("x-plumbline-model", "")
                    headers.append((b"x-plumbline-model", model.encode()))
                    return answer[0]
            else:
                started = time.perf_counter()
                found = await self._own(columns, rows)
                stable.add(time.perf_counter() - started, failed=False)
                return self._written(request, found, id_, headers)
        started = time.perf_counter()
        found = await self._own(columns, rows)
        if FORWARDED in given:
            seconds = f"{time.perf_counter() - started:.6f}"
            headers.append((OWN_SECONDS.encode(), seconds.encode()))
        return self._written(request, found, id_, headers)

    async def _own(self, columns: Columns, rows: int) -> NDArray[np.float64]:
        found = await self._predictor.predict(columns, rows)
        self._counts.note(columns, found)
        return found

    def _written(
        self,
        request: InferRequest,
        found: NDArray[np.float64],
        id_: str,
        headers: Headers,
    ) -> bytes:
        headers.append((b"x-plumbline-model", self._identity))
        return self._writer.answer(request, found, id_=id_)


async def _respond(send: Send, status: int, content: bytes, headers: Headers, body: Body) -> None:
    """Answer; a client that is told off early may go on sending until it has heard it."""
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    early = status >= 400 and not body.ended
    await send({"type": "http.response.body", "body": content, "more_body": early})
    if early:
        await body.discard()
        await send({"type": "http.response.body", "body": b""})


def _safe(text: str) -> bytes:
    """Return an id that can stand in a header."""
    return text[:128].encode("ascii", "replace").translate(_PRINTABLE)
