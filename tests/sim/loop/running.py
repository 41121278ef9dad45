"""The event loop on which the operator's coroutines run to their end."""

import asyncio
import atexit
import os
from collections.abc import Coroutine
from functools import cache
from typing import Any


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine of the operator's to its end."""
    return _loop(os.getpid()).run_until_complete(work)


@cache
def _loop(_process: int) -> asyncio.AbstractEventLoop:
    """Return the loop of a process: one that was forked cannot use that of its parent."""
    loop = asyncio.new_event_loop()
    atexit.register(_close, loop)
    return loop


def _close(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
