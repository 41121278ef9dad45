"""Waiting for a condition, with an end that says what it has waited for."""

import asyncio
import inspect
import textwrap
import time
from collections.abc import Awaitable, Callable


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]],
    *,
    seconds: float = 10.0,
    why: Callable[[], object] = lambda: "",
) -> None:
    """Return when the condition holds; fail with its own words when it still does not in the end.

    `why()` is asked in the end for what is so instead.
    """
    end = time.monotonic() + seconds
    while not await _holds(condition):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {_words(condition)} {why()}".rstrip())
        await asyncio.sleep(0.005)


async def _holds(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    holds = condition()
    return bool(await holds if inspect.isawaitable(holds) else holds)


def _words(condition: Callable[[], object]) -> str:
    """Return the condition as it was written."""
    try:
        return " ".join(textwrap.dedent(inspect.getsource(condition)).split())
    except (OSError, TypeError):
        return getattr(condition, "__name__", repr(condition))
