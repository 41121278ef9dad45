"""Whatever a canary does, a client gets a right answer."""

import asyncio
import json
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from plumbline.contract.control import Routing
from plumbline.serving.forward import Forwarder
from plumbline.serving.protocol import parse
from plumbline.serving.reply import ForwardedRequest
from plumbline.serving.request_stats import Arm

from tests.unit.serving.conftest import Serve, Server, row, until

INFER = "/v2/models/m/infer"
PREDICT: dict[str, Any] = {"name": "predict", "shape": [1], "datatype": "BOOL", "data": [True]}
PROBA = {"name": "predict_proba", "shape": [1, 2], "datatype": "FP64", "data": [0.5, 0.5]}


def answer(*outputs: Any, **more: Any) -> bytes:
    return json.dumps({"model_name": "m", "outputs": outputs, **more}).encode()


def said(body: bytes, *lines: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {size}", *lines, "", "")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


FINE = answer(PREDICT, PROBA)
BAD = {
    "nothing": b"",
    "garbage for HTTP": b"\x00\xff garbage\r\n\r\n",
    "garbage for JSON": said(b"<html>"),
    "no UTF-8": said(FINE.replace(b'"m"', b'"\xff"')),
    "nothing in it": said(b""),
    "a list": said(b"[]"),
    "nested without end": said(b"[" * 10**5),
    "an error": said(b'{"error": "x"}'),
    "an error with a status": said(FINE, status="500 Internal Server Error"),
    "another address": said(b"", "Location: /v2", status="302 Found"),
    "an output less": said(answer(PREDICT)),
    "a row more": said(answer(PREDICT | {"shape": [2], "data": [True, True]}, PROBA)),
    "no row": said(answer(PREDICT | {"shape": [0], "data": []}, PROBA)),
    "fewer values than its shape": said(answer(PREDICT, PROBA | {"data": [0.5]})),
    "a negative shape": said(answer(PREDICT, PROBA | {"shape": [1, -2]})),
    "a part": said(FINE[:50], length=len(FINE)),
    "less than there is": said(FINE, length=50),
    "another compression": said(FINE, "Content-Encoding: gzip"),
}
ODD = {
    "no time": said(FINE, "x-plumbline-seconds: soon"),
    "a time of nothing": said(FINE, "x-plumbline-seconds: nan"),
    "a time before it was asked": said(FINE, "x-plumbline-seconds: -1e999"),
    "a name beyond ASCII": said(FINE, "x-plumbline-model: \udcff\u00fc"),
}


class Canary(socketserver.ThreadingTCPServer):
    """Answers everything with the same bytes, and closes."""

    daemon_threads = allow_reuse_address = True
    bytes_: bytes = b""

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while line := self.rfile.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            assert isinstance(self.server, Canary)
            self.wfile.write(self.server.bytes_)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """Return a canary that a test can let answer what it likes."""
    with Canary() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def all_to(server: Server, port: int, token: str) -> dict[str, Any]:
    """Let all requests go to a canary, and return the routing."""
    routing = {"token": token, "target": f"http://127.0.0.1:{port}", "percent": 100}
    server.control(routing)
    until(lambda: server.infer()[0] == 200 and token in server.control(routing)["arms"])
    return routing


def arm(server: Server, routing: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = server.control(routing)["arms"][routing["token"]]["canary"]
    return found


@pytest.mark.parametrize("case", BAD)
def test_a_canary_that_answers_nonsense_costs_no_client_its_answer(
    case: str, canary: Canary, server: Server
) -> None:
    canary.bytes_ = BAD[case]
    routing = all_to(server, canary.server_address[1], f"two/{case}")
    before = arm(server, routing)
    status, found = server.infer(1.0, "a")
    after = arm(server, routing)
    assert (status, found.get("model_version")) == (200, "one")
    assert after["errors"] - before["errors"] == after["requests"] - before["requests"] == 1


@pytest.mark.parametrize("case", ODD)
def test_a_canary_with_odd_headers_is_still_heard(
    case: str, canary: Canary, server: Server
) -> None:
    canary.bytes_ = ODD[case]
    routing = all_to(server, canary.server_address[1], f"two/{case}")
    status, found = server.infer(1.0, "a")
    assert (status, found) == (200, json.loads(FINE))
    assert arm(server, routing)["errors"] == 0


def test_a_canary_must_answer_under_the_id_that_the_client_gave(
    canary: Canary, server: Server
) -> None:
    canary.bytes_ = said(FINE)
    all_to(server, canary.server_address[1], "two/id")
    body = json.dumps(json.loads(row()) | {"id": "mine"}).encode()
    found = server.post(INFER, body)[1]
    assert (found["model_version"], found["id"]) == ("one", "mine")


def test_a_client_that_names_a_version_is_answered_by_that_version(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two", intercept=9.0)
    routing = all_to(stable, canary.port, "two/0")
    until(lambda: stable.infer()[1]["model_version"] == "two")
    before = arm(stable, routing)
    status, found = stable.post("/v2/models/m/versions/one/infer", row())
    assert (status, found["model_version"]) == (200, "one")
    assert arm(stable, routing) == before


def test_rows_that_a_canary_answered_are_counted_once(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two")
    routing = {"token": "two/0", "target": f"http://127.0.0.1:{canary.port}", "percent": 50}
    stable.control(routing)
    until(lambda: stable.control(routing)["routing"] == "two/0")
    answers = [stable.infer()[1]["model_version"] for _ in range(50)]
    assert (answers.count("one"), answers.count("two")) == (25, 25)

    def counted() -> int:
        return sum(int(one["rows"]) for one in stable.control(routing)["seconds"])

    assert until(lambda: counted() >= 50 and counted()) == 50
    assert stable.control(routing)["totals"]["rows"] == 50


def test_a_request_that_shall_not_count_is_answered_and_counts_for_nothing(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two")
    routing = all_to(stable, canary.port, "two/0")
    before = [server.control(routing)["totals"] for server in (stable, canary)]
    for _ in range(20):
        url = f"http://127.0.0.1:{stable.port}{INFER}"
        request = urllib.request.Request(url, row(99.0), {"X-Plumbline-Uncounted": ""})
        with urllib.request.urlopen(request, timeout=20) as response:
            assert json.loads(response.read())["model_version"] == "one"
    rows = [server.control(routing)["totals"]["rows"] for server in (stable, canary)]
    assert rows == [each["rows"] for each in before]
    newest = stable.control(routing)["seconds"]
    assert all(one["v"] == {} for one in newest)


def test_the_header_names_a_forwarded_request_as_its_answer_does(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two")
    all_to(stable, canary.port, "two/0")
    request = urllib.request.Request(f"http://127.0.0.1:{stable.port}{INFER}", data=row())
    with urllib.request.urlopen(request, timeout=20) as response:
        found = json.loads(response.read())
        assert response.headers["x-request-id"] == found["id"]
        assert response.headers["x-plumbline-model"] == found["model_version"] == "two"


async def test_a_canary_may_take_long_for_what_takes_the_stable_model_long() -> None:
    free = asyncio.Event()

    async def answer_when_allowed(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await free.wait()
        writer.write(said(FINE))
        writer.close()

    async with await asyncio.start_server(answer_when_allowed, "127.0.0.1", 0) as canary:
        port = canary.sockets[0].getsockname()[1]
        target = f"http://127.0.0.1:{port}"
        routing = Routing(routing_id="t", target=target, percent=100, timeout_seconds=0.05)
        forwarder, arm = Forwarder(), Arm()
        many = asyncio.create_task(forwarder.send(routing, forwarded(seconds=60), arm))
        assert await forwarder.send(routing, forwarded(seconds=0), arm) is None
        free.set()
        reply = await many
        await forwarder.close()
    assert reply is not None
    assert (reply.content, arm.requests, arm.errors) == (FINE, 2, 1)


def forwarded(*, seconds: float) -> ForwardedRequest:
    outputs = ("predict", "predict_proba")
    request = parse(row())
    return ForwardedRequest(
        path=INFER, body=row(), request=request, rows=1, outputs=outputs, seconds=seconds
    )
