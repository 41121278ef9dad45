"""A clock that stands still until a test moves it."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(eq=False)
class Call:
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class SetClock:
    """Time that a test moves; calls that are due are made while it moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._calls: list[tuple[float, int, Call]] = []
        self._count = 0

    @property
    def waiting(self) -> int:
        """Return how many calls are due later."""
        return sum(not made.cancelled for _, _, made in self._calls)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def call_later(self, seconds: float, call: Callable[[], None]) -> Call:
        made = Call(call)
        self._count += 1
        heapq.heappush(self._calls, (self.seconds + seconds, self._count, made))
        return made

    def advance(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self._calls and self._calls[0][0] <= end:
            self.seconds, _, made = heapq.heappop(self._calls)
            if not made.cancelled:
                made.call()
        self.seconds = end
