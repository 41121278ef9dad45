"""The data port: Open Inference Protocol v2 as a plain ASGI application."""

import itertools
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.serving import protocol
from plumbline.serving.counts import Counts
from plumbline.serving.errors import RequestError
from plumbline.serving.forward import FORWARDED, OWN_SECONDS, Forwarder
from plumbline.serving.predictor import Predictor
from plumbline.serving.tally import Tally

BODY_LIMIT = 16 * 2**20
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class App:
    """Answers requests with one model."""

    def __init__(
        self, *, name: str, identity: str, predictor: Predictor, counts: Counts, tally: Tally
    ) -> None:
        """Serve as model `name`."""
        content = predictor.model.content
        self._predictor, self._counts, self._tally = predictor, counts, tally
        self.forwarder, self.draining = Forwarder(), False
        self._reader = protocol.Reader(content["features"])
        self._writer = protocol.Writer(name=name, version=identity, classes=content.get("classes"))
        self._ids, self._prefix = itertools.count(), f"{os.getpid():x}-{time.time_ns():x}-"
        self._infer = {f"/v2/models/{name}{v}/infer" for v in ("", f"/versions/{identity}")}
        self._pages = self._described(name, identity, content)
        self._identity = identity.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path, started = scope["path"], time.perf_counter()
        headers: Headers = [(b"content-type", b"application/json")]
        self._tally.in_flight += 1
        try:
            status, body = await self._answer(scope, path, receive, headers)
        except RequestError as error:
            status, body = error.status, msgspec.json.encode({"error": str(error)})
            if status == 503:
                headers.append((b"retry-after", b"1"))
        except Exception as error:
            status, body = 500, msgspec.json.encode({"error": f"internal error: {error!r}"})
        finally:
            self._tally.in_flight -= 1
        if path in self._infer:
            self._tally.ended(time.perf_counter() - started, status)
        await self._respond(send, status, body, headers)

    async def _answer(
        self, scope: Scope, path: str, receive: Receive, headers: Headers
    ) -> tuple[int, bytes]:
        if path in self._infer:
            if scope["method"] != "POST":
                raise RequestError("use POST to infer", status=405)
            return 200, await self._inferred(scope, path, receive, headers)
        if path == "/v2/health/ready" or (path.endswith("/ready") and path[:-6] in self._pages):
            ready = not self.draining
            told = {"name": path, "ready": ready, "live": True}
            return (200 if ready else 503), msgspec.json.encode(told)
        if (page := self._pages.get(path)) is None:
            raise RequestError(f"there is nothing at {path}; see /v2", status=404)
        if scope["method"] not in ("GET", "HEAD"):
            raise RequestError(f"use GET for {path}", status=405)
        return 200, page

    async def _inferred(self, scope: Scope, path: str, receive: Receive, headers: Headers) -> bytes:
        given = dict(scope["headers"])
        body = await _body(given, receive)
        request = protocol.parse(body)
        columns, rows = self._reader.columns(request)
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

    async def _own(self, columns: protocol.Columns, rows: int) -> NDArray[np.float64]:
        found = await self._predictor.predict(columns, rows)
        self._counts.note(columns, found)
        return found

    def _written(
        self,
        request: protocol.InferRequest,
        found: NDArray[np.float64],
        id_: str,
        headers: Headers,
    ) -> bytes:
        headers.append((b"x-plumbline-model", self._identity))
        return self._writer.answer(request, found, id_=id_)

    async def _respond(self, send: Send, status: int, body: bytes, headers: Headers) -> None:
        headers.append((b"content-length", str(len(body)).encode()))
        if self.draining or status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _described(self, name: str, identity: str, content: Mapping[str, Any]) -> dict[str, bytes]:
        """Return what does not change, encoded once."""
        engine = content["engine"]["kind"]
        model = msgspec.json.encode(
            protocol.metadata(name, identity, content["features"], self._writer, engine)
        )
        server = msgspec.json.encode(
            {"name": "plumbline", "version": identity, "extensions": ["model_repository"]}
        )
        return {
            "/v2": server,
            "/v2/": server,
            "/v2/health/live": msgspec.json.encode({"live": True}),
            f"/v2/models/{name}": model,
            f"/v2/models/{name}/versions/{identity}": model,
        }


async def _body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """Return the body.

    Raises:
        RequestError: it is too large; it is not read to its end then.
    """
    if int(headers.get(b"content-length", b"0")) > BODY_LIMIT:
        raise RequestError(f"the body is larger than {BODY_LIMIT} bytes; split it", status=413)
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError("the client has gone")
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > BODY_LIMIT:
            raise RequestError(f"the body is larger than {BODY_LIMIT} bytes; split it", status=413)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _safe(text: str) -> bytes:
    """Return an id that can stand in a header."""
    return text[:128].encode("ascii", "replace").replace(b"\r", b"?").replace(b"\n", b"?")
