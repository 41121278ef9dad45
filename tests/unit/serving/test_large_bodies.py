"""A body that is too large is refused so that every client sees why, and costs no memory."""

import asyncio
import http.client
import io
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.unit.serving.conftest import Server

INFER, UNKNOWN = "/v2/models/m/infer", "/v2/models/x/infer"
LARGE = b'{"inputs":' + b" " * (50 * 2**20)
LIMIT = "larger than 16777216 bytes"


def blind(server: Server, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Send everything before anything of the answer is read, as http.client does."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", path, LARGE, headers)
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def in_chunks(server: Server, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    parts = (LARGE[start : start + 2**20] for start in range(0, len(LARGE), 2**20))
    connection.request("POST", path, parts, encode_chunked=True)
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def by_urllib(server: Server, path: str) -> tuple[int, Any]:
    url = f"http://127.0.0.1:{server.port}{path}"
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=LARGE), timeout=60)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
    raise AssertionError("it was answered")


def by_aiohttp(server: Server, path: str) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        url = f"http://127.0.0.1:{server.port}{path}"
        transports: list[asyncio.Transport] = []

        class Connector(aiohttp.TCPConnector):
            async def connect(self, *args: Any, **options: Any) -> Any:
                connection = await super().connect(*args, **options)
                transports.append(connection.transport)
                return connection

        async with (
            aiohttp.ClientSession(connector=Connector()) as session,
            session.post(url, data=io.BytesIO(LARGE)) as answer,
        ):
            found = answer.status, await answer.json()
        # A transport that is closed first sends what it holds, and this server reads no more.
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)
        return found

    return asyncio.run(ask())


def by_curl(server: Server, path: str, folder: Path, *options: str) -> tuple[int, Any]:
    if not (curl := shutil.which("curl")):
        pytest.skip("there is no curl")
    file = folder / "large"
    file.write_bytes(LARGE)
    words = [curl, "-sS", "-m", "60", "-w", r"\n%{http_code}", *options]
    words += ["--data-binary", f"@{file}", f"http://127.0.0.1:{server.port}{path}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    text, _, code = done.stdout.rpartition("\n")
    return int(code), json.loads(text)


@pytest.mark.parametrize(("path", "status", "word"), [(INFER, 413, LIMIT), (UNKNOWN, 404, "'x'")])
def test_every_client_sees_why_its_50_mb_were_refused(
    path: str, status: int, word: str, server: Server, tmp_path: Path
) -> None:
    found = {
        "http.client": blind(server, path, {}),
        "closing": blind(server, path, {"Connection": "close"}),
        "chunked": in_chunks(server, path),
        "urllib": by_urllib(server, path),
        "aiohttp": by_aiohttp(server, path),
        "curl": by_curl(server, path, tmp_path),
        "curl without a question": by_curl(server, path, tmp_path, "-H", "Expect:"),
        "curl in chunks": by_curl(server, path, tmp_path, "-H", "Transfer-Encoding: chunked"),
    }
    assert {client: status for client, (status, _) in found.items()} == dict.fromkeys(found, status)
    assert all(word in answer["error"] for _, answer in found.values())
    assert server.infer()[0] == 200


def test_a_client_that_listens_is_refused_before_it_has_sent(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", INFER)
    connection.putheader("Content-Length", str(50 * 2**20))
    connection.endheaders(b'{"inputs":')
    assert connection.getresponse().status == 413
    connection.close()
    assert server.infer()[0] == 200


def test_what_is_thrown_away_is_not_kept_in_memory(server: Server) -> None:
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells the most memory that a process has had")
    before = peak_kib(status)
    for _ in range(4):
        blind(server, INFER, {})
    assert peak_kib(status) - before < 8 * 1024


@pytest.mark.parametrize("value", [b"[],", b"{},", b"[[1]],"])
def test_a_body_of_many_lists_costs_no_more_memory_than_one_of_many_values(
    value: bytes, server: Server
) -> None:
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells the most memory that a process has had")
    before = peak_kib(status)
    many = value * (15 * 2**20 // len(value))
    code, answer = server.post(INFER, b'{"inputs":[{"data":[' + many + b"1]}]}")
    assert (code, "lists" in answer["error"]) == (400, True)
    assert peak_kib(status) - before < 64 * 1024


def peak_kib(status: Path) -> int:
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])
