"""Work on an event loop of its own, and calls from one loop to another."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

Call = Callable[[], None]


def start(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None], *, then: Call) -> None:
    """Do work on a loop and a thread of its own, which the end of the process does not wait for."""

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(work)
        finally:
            then()

    threading.Thread(target=run, name="kopf", daemon=True).start()


def call(loop: asyncio.AbstractEventLoop, what: Call) -> None:
    """Call on a loop, unless it has ended already."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what)


def resolve(future: "asyncio.Future[Any]", value: Any = None) -> None:
    """Give a future its result from any thread, unless it has one already."""
    call(future.get_loop(), lambda: None if future.done() else future.set_result(value))
