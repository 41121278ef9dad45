"""A pod that ends must have reported every row before."""

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.serving.conftest import Serve, Server, row, until


class Operator:
    """Pulls again and again, as the operator does, and adds up."""

    def __init__(self, server: Server) -> None:
        self.server, self.through, self.rows = server, 0, 0
        self.last: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self.last = self.server.control(since=self.through)
            except (OSError, http.client.HTTPException):
                return
            self.through = self.last["through"]
            self.rows += sum(second["rows"] for second in self.last["seconds"])

    def join(self) -> None:
        self._thread.join(30)


@pytest.fixture
def busy(serve: Serve) -> Iterator[tuple[Server, list[int]]]:
    """Return a server under requests, and the statuses that its client has seen."""
    server, statuses, stop = serve(drain=1.0), list[int](), threading.Event()

    def client() -> None:
        while not stop.is_set():
            try:
                statuses.append(server.post("/v2/models/m/infer", row())[0])
            except OSError:
                return

    thread = threading.Thread(target=client)
    thread.start()
    until(lambda: len(statuses) > 20)
    yield server, statuses
    stop.set()
    thread.join()


def test_a_pod_that_ends_of_itself_takes_no_row_along(busy: tuple[Server, list[int]]) -> None:
    server, statuses = busy
    operator = Operator(server)
    until(lambda: operator.rows)
    assert server.end() == 0
    operator.join()
    assert operator.last["ended"]
    assert operator.rows == statuses.count(200) == len(statuses)
