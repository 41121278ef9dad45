"""Pauses that double with each failure in a row, and differ a little from one another."""

import asyncio
import random

LONGEST_SECONDS = 30.0


def jitter() -> float:
    """Return a factor around 1, so that many clients do not try again at the same time."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - spreads requests, hides nothing


def pause_seconds(failures: int, *, first: float, longest: float) -> float:
    """Return how long to wait after some failures in a row: twice as long after each."""
    # Far more doublings would overflow a float; twenty exceed any longest pause.
    return min(longest, first * 2.0 ** min(failures, 20)) * jitter()


class Backoff:
    """The pauses between the tries of one request."""

    def __init__(self, first_seconds: float) -> None:
        """Start with this pause."""
        self._first_seconds, self._failures = first_seconds, 0

    def succeeded(self) -> None:
        """Start again with the first pause."""
        self._failures = 0

    async def pause(self) -> None:
        """Wait for twice as long as the last time, up to the longest pause."""
        pause = pause_seconds(self._failures, first=self._first_seconds, longest=LONGEST_SECONDS)
        self._failures += 1
        await asyncio.sleep(pause)
