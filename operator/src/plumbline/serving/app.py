"""The data port: Open Inference Protocol v2 as a plain ASGI application."""

import itertools
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.contract.control import Routing
from plumbline.log import frames, get_logger
from plumbline.serving.body import Body, Receive, Room
from plumbline.serving.counts import Counts
from plumbline.serving.errors import RequestError
from plumbline.serving.forward import FORWARDED, Forwarder
from plumbline.serving.pages import Pages
from plumbline.serving.predictor import Predictor
from plumbline.serving.protocol import parse
from plumbline.serving.reader import Columns, Reader
from plumbline.serving.reply import MODEL, OWN_SECONDS, ForwardedRequest
from plumbline.serving.request_stats import Arm, RequestStats
from plumbline.serving.writer import Writer

CLOSING = (408, 413)
log = get_logger(__name__)
Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Given = Mapping[bytes, bytes]
ID = b"x-request-id"
# A client sends it with requests that are not live rows, such as those of a probe or of a replay.
UNCOUNTED = b"x-plumbline-uncounted"
_ID = re.compile(rb"[\w.:/+=@-]{1,128}", re.ASCII)
_PRINTABLE = bytes(code if 32 <= code < 127 else ord("?") for code in range(256))


class App:
    """Answers requests with one model."""

    def __init__(
        self,
        *,
        name: str,
        identity: str,
        predictor: Predictor,
        counts: Counts,
        request_stats: RequestStats,
    ) -> None:
        """Serve as model `name`."""
        content = predictor.model.content
        self._predictor, self._counts, self._request_stats = predictor, counts, request_stats
        self.forwarder, self.draining, self._room = Forwarder(), False, Room()
        self._reader = Reader(content.features)
        self._writer = Writer(name=name, version=identity, classes=content.classes)
        self._ids, self._prefix = itertools.count(), f"{os.getpid():x}-{time.time_ns():x}-"
        self._unversioned = f"/v2/models/{name}/infer"
        self._infer = {self._unversioned, f"/v2/models/{name}/versions/{identity}/infer"}
        self._pages = Pages(
            name=name, version=identity, content=content, outputs=self._writer.outputs
        )
        self._identity = identity

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
        self._request_stats.in_flight += 1
        try:
            status, content = await self._answer(scope["method"], path, given, body, headers)
        except RequestError as error:
            status, content = error.status, _refusal(str(error))
            headers.extend(error.headers.items())
        except Exception as error:
            id_ = self._broken(error, path, given)
            said = f"Internal error of the model server. Its log has details under the id {id_}."
            status, content = 500, _refusal(said)
            headers[1:] = [(ID, id_.encode())]
        finally:
            self._request_stats.in_flight -= 1
            body.release()
        if path in self._infer:
            self._request_stats.ended(time.perf_counter() - started, status)
        if self.draining or status in CLOSING or (b"expect" in given and not body.ended):
            headers.append((b"connection", b"close"))
        await _respond(send, status, content, headers, body)

    def _broken(self, error: Exception, path: str, given: Given) -> str:
        """Log a fault of ours and return the id of the request.

        The text of the error may quote a row, so it is logged only at DEBUG.
        """
        id_ = _given_id(given) or self._new_id()
        kind, trace = type(error).__name__, frames(error)
        log.error("internal error", request_id=id_, path=path, error=kind, trace=trace)
        log.debug("text of the internal error", request_id=id_, error=error)
        return id_

    def _new_id(self) -> str:
        return f"{self._prefix}{next(self._ids):x}"

    async def _answer(
        self, method: str, path: str, given: Given, body: Body, headers: Headers
    ) -> tuple[int, bytes]:
        if path not in self._infer:
            return self._pages.answer(method, path, ready=not self.draining)
        if method != "POST":
            raise RequestError("Use POST to infer.", status=405, headers={b"allow": b"POST"})
        return 200, await self._inferred(path, given, await body.read(), headers)

    async def _inferred(self, path: str, given: Given, body: bytes, headers: Headers) -> bytes:
        started = time.perf_counter()
        request = parse(body)
        columns, rows = self._reader.columns(request)
        outputs = self._writer.wanted(request)
        routing = self._routing(path, given)
        if routing and self.forwarder.is_due():
            forwarded = ForwardedRequest(
                path=path,
                body=body,
                request=request,
                rows=rows,
                outputs=outputs,
                seconds=time.perf_counter() - started + self._predictor.expected(rows),
            )
            reply = await self.forwarder.send(
                routing, forwarded, self._request_stats.pair(routing.routing_id)[1]
            )
            if reply is not None:
                self._count(columns, None, rows)
                headers.extend(_names(reply.id, reply.model))
                return reply.content
            routing = None
        arm = self._request_stats.pair(routing.routing_id)[0] if routing else None
        found, seconds = await self._own_answer(columns, rows, arm)
        if UNCOUNTED not in given:
            self._count(columns, found, rows)
        if FORWARDED in given:
            headers.append((OWN_SECONDS.encode(), f"{seconds:.6f}".encode()))
        id_ = self._new_id() if request.id is None else request.id
        headers.extend(_names(id_, self._identity))
        return self._writer.answer(outputs, found, id_=id_)

    async def _own_answer(
        self, columns: Columns, rows: int, arm: Arm | None
    ) -> tuple[NDArray[np.float64], float]:
        """Return this model's predictions and how long they took; a rollout counts failures too."""
        started, failed = time.perf_counter(), True
        try:
            found = await self._predictor.predict(columns, rows)
            failed = False
        finally:
            seconds = time.perf_counter() - started
            if arm:
                arm.add(seconds, failed=failed)
        return found, seconds

    def _routing(self, path: str, given: Given) -> Routing | None:
        """Return the routing of a request; None if this model must answer it itself.

        It names a version, was forwarded already, or must not count as one of the canary's.
        """
        if FORWARDED in given or UNCOUNTED in given or path != self._unversioned:
            return None
        return self.forwarder.routing

    def _count(self, columns: Columns, found: NDArray[np.float64] | None, rows: int) -> None:
        self._request_stats.rows += rows
        self._counts.note(columns, found)


async def _respond(send: Send, status: int, content: bytes, headers: Headers, body: Body) -> None:
    """Answer. If a request is refused early, read on until the client stops sending.

    Many clients read the answer only after they have sent everything.
    """
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    early = status >= 400 and not body.ended
    await send({"type": "http.response.body", "body": content, "more_body": early})
    if early:
        await body.discard()
        await send({"type": "http.response.body", "body": b""})


def _names(id_: str, model: str) -> Headers:
    """Return the headers that name a request, and the model that answered it."""
    return [(ID, _safe(id_)), (MODEL.encode(), _safe(model))]


def _given_id(given: Given) -> str:
    """Return the id that the client gave the request; empty unless it is one short word."""
    id_ = given.get(ID, b"")
    return id_.decode() if _ID.fullmatch(id_) else ""


def _refusal(what: str) -> bytes:
    return msgspec.json.encode({"error": what})


def _safe(text: str) -> bytes:
    """Return a text that can stand in a header."""
    return text[:128].encode("ascii", "replace").translate(_PRINTABLE)
