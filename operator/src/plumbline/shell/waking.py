"""Queues whoever must look again, a few at a time.

A namespace can have thousands of objects that may read the one that changed. To ask them all takes
longer than the event loop may be held up, since it has a Lease to renew.
"""

from collections import deque
from collections.abc import Iterator

from plumbline.api.objects import Key, Manifest
from plumbline.engine.clock import Clock
from plumbline.engine.queue import Queue
from plumbline.log import get_logger
from plumbline.shell.wakes import Wakes

# About 3 ms. What wakes fewer is done with at once.
AT_ONCE = 100
log = get_logger(__name__)


class Waking:
    """The changes whose readers are still to be woken, in their order."""

    def __init__(self, queue: Queue, wakes: Wakes, clock: Clock) -> None:
        """Queue those that `wakes` names."""
        self._queue, self._wakes, self._clock = queue, wakes, clock
        self._changes: deque[Iterator[Key | None]] = deque()

    def wake(self, key: Key, old: Manifest | None, new: Manifest | None) -> None:
        """Queue whoever must look again because of a change, after those of earlier changes."""
        self._changes.append(self._wakes.asked(key, old, new))
        if len(self._changes) == 1:
            self._go_on()

    def _go_on(self) -> None:
        for _ in range(AT_ONCE):
            if not self._changes:
                return
            self._ask_one()
        if self._changes:
            self._clock.call_later(0, self._go_on)

    def _ask_one(self) -> None:
        """Ask the next reader; a change whose readers cannot be asked keeps no other waiting."""
        try:
            found = next(self._changes[0])
        except StopIteration:
            self._changes.popleft()
        except Exception as error:
            self._changes.popleft()
            log.exception("readers of a change not woken", error)
        else:
            if found:
                self._queue.add(found)
