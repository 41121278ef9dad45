"""A small linear model in a folder, and real serving processes on loopback."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from plumbline.stats.bins import PREDICTION
from plumbline.stats.reference import category_bins, number_bins

from tests.unit.wording import faults

SOURCE = Path(__file__).parents[3] / "operator" / "src"


WEIGHTS = (1.0, 0.5, -0.5)


def write_model(
    folder: Path, *, intercept: float = 0.0, weights: tuple[float, ...] = WEIGHTS
) -> None:
    """Write a logistic model of one number and one category."""
    rng = np.random.default_rng(0)
    numbers = number_bins("x", rng.normal(size=2000))
    words = category_bins("w", rng.choice(["a", "b"], 2000))
    predictions = number_bins(PREDICTION, rng.random(2000))
    assert numbers is not None
    assert words is not None
    assert predictions is not None
    columns = [numbers, words, predictions]
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", coef=[weights], intercept=[intercept])
    content = {
        "format": "plumbline/1",
        "task": "Classification",
        "target": "y",
        "classes": [False, True],
        "features": [
            {"name": "x", "type": "number", "nullable": False, "min": -50, "max": 50},
            {"name": "w", "type": "category", "nullable": True, "values": ["a", "b"]},
        ],
        "inputs": [
            {"feature": "x", "kind": "number", "impute": 0.0, "mean": 0.0, "scale": 1.0},
            {"feature": "w", "kind": "onehot", "categories": ["a", "b"]},
        ],
        "engine": {"kind": "linear", "link": "logit"},
        "reference": {"columns": [each.to_json() for each in columns]},
    }
    (folder / "model.json").write_text(json.dumps(content))


@dataclass
class Server:
    """A serving process."""

    process: "subprocess.Popen[bytes]"
    port: int
    admin: int

    def post(self, path: str, body: bytes, *, port: int | None = None) -> tuple[int, Any]:
        """Send a request and return status and parsed answer."""
        url = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(url, data=body, method="POST")
        return self._answer(request)

    def get(self, path: str, *, port: int | None = None) -> tuple[int, Any]:
        """Get a path."""
        return self._answer(urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}"))

    def control(self, routing: dict[str, Any] | None = None, *, since: int = 0) -> Any:
        """Ask as the operator does."""
        body = json.dumps({"routing": routing, "since": since}).encode()
        return self.post("/control", body, port=self.admin)[1]

    def infer(self, x: float = 1.0, w: str | None = "a") -> tuple[int, Any]:
        """Ask for one row."""
        return self.post("/v2/models/m/infer", row(x, w))

    def end(self) -> int:
        """Tell it to end and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def _answer(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                text = response.read()
                return response.status, _parsed(text)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.read())


def _parsed(text: bytes) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text.decode()
    if isinstance(found, dict) and "error" in found:
        assert faults(found["error"]) == [], found
    return found


def row(x: Any = 1.0, w: Any = "a") -> bytes:
    """Return a request for one row."""
    inputs = [
        {"name": "x", "shape": [1], "datatype": "FP64", "data": [x]},
        {"name": "w", "shape": [1], "datatype": "BYTES", "data": [w]},
    ]
    return json.dumps({"inputs": inputs}).encode()


def until(holds: Callable[[], Any], *, seconds: float = 30) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Serve = Callable[..., Server]


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Serve]:
    """Give a function that starts a server; all end with the context."""
    started: list[Server] = []

    def start(
        *,
        identity: str = "one",
        drain: float = 0.2,
        intercept: float = 0.0,
        weights: tuple[float, ...] = WEIGHTS,
        log: IO[str] | None = None,
        **environment: str,
    ) -> Server:
        model = folder / f"{identity}-{len(started)}"
        write_model(model, intercept=intercept, weights=weights)
        port, admin = free_port(), free_port()
        words = ["serve", "--model", str(model), "--name", "m", "--host", "127.0.0.1"]
        words += ["--port", str(port), "--admin-port", str(admin)]
        env = {**os.environ, "PYTHONPATH": str(SOURCE), "PLUMBLINE_IDENTITY": identity}
        env["PLUMBLINE_DRAIN_SECONDS"] = str(drain)
        command = [sys.executable, "-m", "plumbline.serving", *words]
        process = subprocess.Popen(command, env=env | environment, stderr=log)
        server = Server(process, port, admin)
        started.append(server)
        until(lambda: _is_ready(server))
        return server

    try:
        yield start
    finally:
        for server in started:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a server; all end with the test."""
    with servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that the tests of a module share."""
    with servers(tmp_path_factory.mktemp("server")) as start:
        yield start()


def _is_ready(server: Server) -> bool:
    assert server.process.poll() is None, "the server has ended"
    try:
        data, admin = server.get("/v2/health/ready"), server.get("/readyz", port=server.admin)
    except OSError:
        return False
    return data[0] == 200 and admin[0] == 200
