"""The S3 server that the chart installs, started for a test from its binary on this machine."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest

KEY, SECRET = "root-of-test", "secret-of-test"


def binary() -> Path:
    """Return the server's binary, from PLUMBLINE_VERSITYGW or the test bed's cache."""
    named = os.environ.get("PLUMBLINE_VERSITYGW")
    cache = Path.home() / ".cache/plumbline/bin"
    cached = sorted([*cache.glob("versitygw"), *cache.glob("*/versitygw")])
    found = Path(named) if named else cached[-1] if cached else None
    if found is None:
        pytest.fail("no versitygw: build the test bed, or set PLUMBLINE_VERSITYGW")
    return found


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Serve from a folder and yield the environment of a client."""
    for name in ("meta", "buckets"):
        (folder / name).mkdir(parents=True)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(binary()), "--port", f"127.0.0.1:{port}", "--health", "/health", "posix"]
    arguments = [*command, "--sidecar", str(folder / "meta"), str(folder / "buckets")]
    environment = {**os.environ, "ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/health")
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
