"""Keys that are due later, in one heap with one timer."""

import heapq
from collections.abc import Callable

from plumbline.api.objects import Key
from plumbline.engine.clock import Clock, Timer


class Delays:
    """Hands over each key when it is due; of several times for one key the earliest counts."""

    def __init__(self, clock: Clock, hand_over: Callable[[Key], None]) -> None:
        """Call `hand_over(key)` when a key is due."""
        self._clock, self._hand_over = clock, hand_over
        self._heap: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        # Orders keys that are due at the same time, since keys cannot be compared.
        self._count = 0
        self._timer: Timer | None = None
        self._timer_due = float("inf")

    def __len__(self) -> int:
        """Return how many keys are due later."""
        return len(self._due)

    def add(self, key: Key, seconds: float) -> None:
        """Hand the key over after some seconds, unless it is due earlier already."""
        due = self._clock.monotonic() + max(0.0, seconds)
        if self._due.get(key, float("inf")) <= due:
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        self._set_timer()

    def forget(self, key: Key) -> None:
        """Do not hand the key over."""
        self._due.pop(key, None)

    def _hand_over_due(self) -> None:
        self._timer, self._timer_due = None, float("inf")
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            # An old entry is dropped: its key was forgotten, or is due at another time.
            if self._due.get(key) == due:
                del self._due[key]
                self._hand_over(key)
        self._set_timer()

    def _set_timer(self) -> None:
        if not self._heap or self._heap[0][0] >= self._timer_due:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_due = self._heap[0][0]
        seconds = max(0.0, self._timer_due - self._clock.monotonic())
        self._timer = self._clock.call_later(seconds, self._hand_over_due)
