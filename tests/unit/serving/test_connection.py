"""A client that falls silent holds a connection no longer than an idle one is held."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from plumbline.serving.app import Scope, Send
from plumbline.serving.body import Body, Receive, Room
from plumbline.serving.connection import HEAD_LIMIT, Connection

from tests.unit.serving.conftest import Server, row, until

LINES = b"POST / HTTP/1.1\r\nHost: m\r\n"
WHOLE = LINES + b"Content-Length: 2\r\n\r\n{}"
STATUS = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
SILENT = {
    "nothing at all": (b"", b""),
    "half of the headers": (LINES, b""),
    "no body": (LINES + b"Content-Length: 2\r\n\r\n", b"408"),
    "half of a body": (LINES + b"Content-Length: 2\r\n\r\n{", b"408"),
    "half of another request": (WHOLE + LINES, b"200"),
}


async def patient(scope: Scope, receive: Receive, send: Send) -> None:
    """Wait for the body however long it takes."""
    await Body({}, receive, Room()).read()
    await send(STATUS)
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve with a patience of a second."""
    config = uvicorn.Config(
        patient, port=0, http=Connection, lifespan="off", ws="none", timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("case", SILENT)
def test_a_client_that_falls_silent_is_not_waited_for_for_ever(case: str, port: int) -> None:
    sent, status = SILENT[case]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        said = connection.makefile("rb").read()
    assert said[9:12] == status
    if status == b"408":
        assert "sent nothing" in json.loads(said.partition(b"\r\n\r\n")[2])["error"]


def test_what_is_not_http_is_refused_in_the_form_of_every_refusal(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert "HTTP" in json.loads(body)["error"]


CHUNKED = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "headers": (LINES, b"A: b\r\n" * 1000),
    "one header": (LINES + b"A: ", b"b" * 6000),
    "a path": (b"GET /", b"a" * 6000),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n" * 1000),
    "an extension of a chunk": (CHUNKED + b"1;", b"a" * 6000),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_request_that_never_comes_to_the_point_costs_no_memory(case: str, server: Server) -> None:
    sent, more = ENDLESS[case]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        with contextlib.suppress(ConnectionError):
            for _ in range(10_000):
                connection.sendall(more)
            raise AssertionError("it took 60 MB")
    assert server.infer()[0] == 200


def test_a_header_that_is_too_large_is_refused_in_words(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall((LINES + b"A: ").ljust(HEAD_LIMIT + 1, b"b"))
        found = connection.makefile("rb").read()
    assert found.startswith(b"HTTP/1.1 431")
    assert "headers" in json.loads(found.partition(b"\r\n\r\n")[2])["error"]


def test_a_body_of_many_small_chunks_is_read_whole(server: Server) -> None:
    body = row() + b" " * 400_000
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in body))
        connection.sendall(b"0\r\nA: b\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
