"""Queues the objects to reconcile after a change, a few at a time.

A namespace can have thousands of objects that may read the one that changed. To check all of them
at once would block the event loop for too long, since it must renew a Lease.
"""

from collections import deque
from collections.abc import Iterator

from plumbline.api.objects import Key, Manifest
from plumbline.engine.clock import Clock
from plumbline.engine.queue import Queue
from plumbline.log import get_logger
from plumbline.shell.wakes import Wakes

# Checked in about 3 ms. A change with fewer readers is handled at once.
AT_ONCE = 100
log = get_logger(__name__)


class WakeQueue:
    """The changes whose readers are not all queued yet, oldest first."""

    def __init__(self, queue: Queue, wakes: Wakes, clock: Clock) -> None:
        """Queue the objects that `wakes` names."""
        self._queue, self._wakes, self._clock = queue, wakes, clock
        self._changes: deque[Iterator[Key | None]] = deque()

    def wake(self, key: Key, old: Manifest | None, new: Manifest | None) -> None:
        """Queue the objects to reconcile after a change, after those of earlier changes."""
        self._changes.append(self._wakes.candidates(key, old, new))
        if len(self._changes) == 1:
            self._check_some()

    def _check_some(self) -> None:
        for _ in range(AT_ONCE):
            if not self._changes:
                return
            self._check_one()
        if self._changes:
            self._clock.call_later(0, self._check_some)

    def _check_one(self) -> None:
        """Check the next reader; an error with one change does not block the others."""
        try:
            found = next(self._changes[0])
        except StopIteration:
            self._changes.popleft()
        except Exception as error:
            self._changes.popleft()
            log.exception("readers of a change not queued", error)
        else:
            if found:
                self._queue.add(found)
