"""Requests that go on at an even rate while something happens to the cluster."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e import objects
from tests.e2e.cluster import call


class Load:
    """Requests at a rate, and every answer that was not one.

    Attributes:
        row: makes the row of the next request.
        sent: requests sent.
        failed: what was answered instead of an answer.
    """

    def __init__(self, url: str, *, rate: float = 50) -> None:
        """Send to `url`, `rate` times a second; what is late is sent at once."""
        self.row: Callable[[random.Random], objects.Row] = objects.usual
        self.url, self.sent, self.failed = url, 0, list[str]()
        self._pause, self._end = 1 / rate, threading.Event()

    @contextmanager
    def going(self) -> Iterator["Load"]:
        """Send until the block has ended."""
        thread = threading.Thread(target=self._send)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()

    def _send(self) -> None:
        due, chance = time.monotonic(), random.Random(7)  # noqa: S311 - rows, not secrets
        while not self._end.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            self.sent += 1
            try:
                status, answer = call(self.url, objects.question(row=self.row(chance)))
            except OSError as error:
                status, answer = 0, {"error": repr(error)}
            if status != 200:
                self.failed.append(f"{status}: {answer}")
