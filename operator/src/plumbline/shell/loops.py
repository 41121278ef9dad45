"""Running work on a second event loop, and calls from one loop to another."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

Call = Callable[[], None]


def start(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None], *, name: str, then: Call
) -> None:
    """Run work on a loop in a new thread of this name; the process ends without waiting for it."""

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(work)
        finally:
            then()

    threading.Thread(target=run, name=name, daemon=True).start()


def call(loop: asyncio.AbstractEventLoop, what: Call) -> None:
    """Call a function on a loop, unless the loop is closed."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what)


def resolve(future: "asyncio.Future[Any]", value: Any = None) -> None:
    """Set the result of a future from any thread, unless it has one."""
    call(future.get_loop(), lambda: None if future.done() else future.set_result(value))
