"""A file behind http must come whole and as one version, or not at all."""

import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from tests.unit.jobs.pods import Ended, Pods

SCHEMA = {"columns": [{"name": "a", "type": "integer"}]}
ROWS = b"a\n1\n2\n"


class Server(BaseHTTPRequestHandler):
    """A web server as the world has them."""

    protocol_version = "HTTP/1.1"
    turns: Iterator[int]
    growing: ClassVar[list[bytes]] = [ROWS]

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        ROUTES.get(path, lambda server: server.answer(404))(self)

    do_HEAD = do_GET

    def answer(self, code: int = 200, body: bytes = ROWS, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def signed(self) -> None:
        self.answer(403 if self.command == "HEAD" else 200)

    def cut(self) -> None:
        self.answer(Content_Length="99")
        self.close_connection = True

    def cut_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"6\r\n" + ROWS + b"\r\n40\r\n3\n")
        self.close_connection = True

    def hang_up(self) -> None:
        self.close_connection = True


ROUTES: dict[str, Callable[[Server], None]] = {
    "/rows.csv": lambda s: s.answer(ETag='"1"'),
    "/größe.csv": lambda s: s.answer(),
    "/moved.csv": lambda s: s.answer(302, b"", Location="/rows.csv"),
    "/nowhere.csv": lambda s: s.answer(302, b"", Location="http://[nowhere"),
    "/round.csv": lambda s: s.answer(302, b"", Location="/round.csv"),
    "/broken.csv": lambda s: s.answer(500, b"no"),
    "/busy.csv": lambda s: s.answer(429, b"later"),
    "/private.csv": lambda s: s.answer(401, b"who"),
    "/empty.csv": lambda s: s.answer(body=b""),
    "/turns.csv": lambda s: s.answer(ETag=f'"{next(s.turns)}"'),
    "/signed.csv": Server.signed,
    "/grows.csv": lambda s: s.answer(body=s.growing[0], Last_Modified="in this second"),
    "/cut.csv": Server.cut,
    "/chunks.csv": Server.cut_chunks,
    "/hang-up.csv": Server.hang_up,
}


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    handler = type("Bound", (Server,), {"turns": itertools.count()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def profiled(pod: Pods, uri: str, **changes: str) -> Ended:
    return pod.profile(SCHEMA, source={"uri": uri}, **changes)[0]


@pytest.mark.parametrize("path", ["rows.csv", "moved.csv", "größe.csv", "gr%C3%B6%C3%9Fe.csv"])
def test_a_file_is_read_wherever_it_has_moved_and_whatever_it_is_called(
    pod: Pods, web: str, path: str
) -> None:
    assert profiled(pod, f"{web}/{path}").words["verdict"] == "Valid"


def test_an_address_that_was_signed_for_get_alone(pod: Pods, web: str) -> None:
    assert profiled(pod, f"{web}/signed.csv?sig=x").words["verdict"] == "Valid"


REFUSALS = {
    "missing.csv": (64, "SourceNotFound"),
    "private.csv": (64, "SourceForbidden"),
    "nowhere.csv": (64, "SourceUnreachable"),
    "round.csv": (64, "SourceUnreachable"),
    "broken.csv": (75, "SourceUnreachable"),
    "busy.csv": (75, "SourceUnreachable"),
    "cut.csv": (75, "SourceUnreachable"),
    "chunks.csv": (75, "SourceUnreachable"),
    "hang-up.csv": (75, "SourceUnreachable"),
    "turns.csv": (75, "SourceChanged"),
}


@pytest.mark.parametrize("path", REFUSALS)
def test_what_may_pass_is_tried_again_and_what_may_not_is_said(
    pod: Pods, web: str, path: str
) -> None:
    ended = profiled(pod, f"{web}/{path}?token=secret")
    assert (ended.code, ended.reason) == REFUSALS[path]
    assert f"{web}/{path}" in ended.message
    assert "secret" not in ended.message


def test_a_token_in_the_query_is_shown_nowhere(pod: Pods, web: str) -> None:
    ended, manifest = pod.profile(SCHEMA, source={"uri": f"{web}/empty.csv?token=secret"})
    assert manifest["violations"][0]["rule"] == "SourceEmpty"
    assert "secret" not in str(manifest) + str(ended.words)


def test_another_query_is_another_file(pod: Pods, web: str) -> None:
    ended, first = pod.profile(SCHEMA, source={"uri": f"{web}/rows.csv?year=1"})
    before = ended.words["digest"]
    versions = [first["parts"][0]["etag"]]
    for query in ("year=2", "year=1"):
        source = {"uri": f"{web}/rows.csv?{query}"}
        _, manifest = pod.profile(SCHEMA, source=source, previous=before)
        versions.append(manifest["parts"][0]["etag"])
    assert versions[0] == versions[2] != versions[1]


def test_a_file_that_grew_within_the_second_of_its_date_is_read_again(pod: Pods, web: str) -> None:
    ended, before = pod.profile(SCHEMA, source={"uri": f"{web}/grows.csv"})
    pod.patch.setattr(Server, "growing", [ROWS + b"3\n"])
    previous = ended.words["digest"]
    _, after = pod.profile(SCHEMA, source={"uri": f"{web}/grows.csv"}, previous=previous)
    assert (before["rows"], after["rows"]) == (2, 3)


HOSTS = [
    "user:secret@127.0.0.1",
    "user:secret@127.0.0.1:1",
    "127.0.0.1:port",
    "127.0.0.1:99999",
    "",
]


@pytest.mark.parametrize("host", [*HOSTS, "[::1"])
def test_an_address_that_is_none(pod: Pods, host: str) -> None:
    ended = profiled(pod, f"http://{host}/a.csv")
    assert (ended.code, ended.reason) == (64, "SourceInvalid")
    assert "secret" not in ended.message
