"""Time as an argument: the real clock here, and one that tests set."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Cancel the call."""


class Clock(Protocol):
    """The time of day, seconds that pass, and calls that are due later."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call after some seconds, on the running event loop."""


class RealClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call after some seconds, on the running event loop."""
        return asyncio.get_running_loop().call_later(seconds, call)


async def sleep(clock: Clock, seconds: float) -> None:
    """Return after some seconds by this clock."""
    # `asyncio.sleep` follows the event loop's clock, which tests cannot set.
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_later(seconds, lambda: _end(over))
    try:
        await over
    finally:
        timer.cancel()


def _end(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)
