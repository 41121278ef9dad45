"""The event loop on which the operator's coroutines run to their end."""

import asyncio
import atexit
from collections.abc import Coroutine
from typing import Any

_loop = asyncio.new_event_loop()


@atexit.register
def _close() -> None:
    _loop.run_until_complete(_loop.shutdown_default_executor())
    _loop.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine of the operator's to its end."""
    return _loop.run_until_complete(work)
