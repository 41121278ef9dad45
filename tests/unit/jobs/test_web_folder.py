"""A glob behind http means the files that the folder's page shows, and no others."""

import functools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.unit.jobs.pods import Pods

SCHEMA = {"columns": [{"name": "a", "type": "integer"}]}
PAGE = """<html><body><h1>Index of /logs</h1>
<a href="../">..</a> <a href="?C=M;O=A">Last modified</a> <a name=x>x</a>
<a href="/logs/a.csv">a.csv</a> <A HREF='b.csv'>b.csv</A> <a href="b.csv#top">b</a>
<a href="/other/c.csv">c</a> <a href="http://elsewhere.invalid/logs/d.csv">d</a>
<a href="e.csv?x=1">e</a> <a href="http://[broken/f.csv">f</a>
<a href="notes.txt">notes</a></body></html>"""


class Logs(BaseHTTPRequestHandler):
    """A server that shows its folder as Apache does, and asks for a token."""

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        known = {"/logs/": PAGE, "/logs/a.csv": "a\n1\n", "/logs/b.csv": "a\n2\n3\n"}
        code = 403 if url.query != "token=secret" else 200 if url.path in known else 404
        self.send_response(code)
        self.end_headers()
        self.wfile.write(known.get(url.path, "").encode() if code == 200 else b"")

    def do_HEAD(self) -> None:
        self.send_response(405)
        self.end_headers()


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server of a folder."""

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def serving(handler: object) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def logs() -> Iterator[str]:
    yield from serving(Logs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ["2013-01.csv", "2013-02.csv", "größe 3 %.csv", "new/2013-03.csv", "x.txt"]
    for value, name in enumerate(names):
        path = tmp_path / "share" / "rows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"a\n{value}\n")
    return tmp_path / "share"


@pytest.fixture
def web(folder: Path) -> Iterator[str]:
    yield from serving(functools.partial(Quiet, directory=str(folder)))


def names(pod: Pods, uri: str) -> list[str]:
    ended, manifest = pod.profile(SCHEMA, source={"uri": uri})
    assert ended.words.get("verdict") == "Valid", ended
    return [part["source"].rpartition("/")[2] for part in manifest["parts"]]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("rows/2013-*.csv", ["2013-01.csv", "2013-02.csv"]),
        ("rows/*.csv", ["2013-01.csv", "2013-02.csv", "gr%C3%B6%C3%9Fe%203%20%25.csv"]),
        ("rows/**/2013-*.csv", ["2013-01.csv", "2013-02.csv", "2013-03.csv"]),
        ("*/new/*.csv", ["2013-03.csv"]),
    ],
)
def test_files_of_a_folder_are_found_by_its_page(
    pod: Pods, web: str, glob: str, expected: list[str]
) -> None:
    assert names(pod, f"{web}/{glob}") == expected


def test_a_new_file_is_a_new_revision(pod: Pods, web: str, folder: Path) -> None:
    ended, _ = pod.profile(SCHEMA, source={"uri": f"{web}/rows/2013-*.csv"})
    (folder / "rows" / "2013-04.csv").write_text("a\n5\n")
    source = {"uri": f"{web}/rows/2013-*.csv"}
    _, manifest = pod.profile(SCHEMA, source=source, previous=ended.words["digest"])
    assert manifest["rows"] == 3


def test_links_that_lead_elsewhere_are_not_followed(pod: Pods, logs: str) -> None:
    assert names(pod, f"{logs}/logs/*.csv?token=secret") == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("glob", "reason", "words"),
    [
        ("logs/*.parquet?token=secret", "SourceNotFound", "matches no file: the page"),
        ("none/*.csv?token=secret", "SourceNotFound", "/none/: HTTP status 404"),
        ("logs/*.csv?token=wrong", "SourceForbidden", "/logs/: HTTP status 403"),
    ],
)
def test_a_folder_without_matching_files_says_so(
    pod: Pods, logs: str, glob: str, reason: str, words: str
) -> None:
    ended, _ = pod.profile(SCHEMA, source={"uri": f"{logs}/{glob}"})
    assert (ended.code, ended.reason) == (64, reason)
    assert words in ended.message
    assert "token" not in ended.message
