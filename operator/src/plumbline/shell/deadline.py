"""A time limit for the end of the process that works even if an event loop hangs."""

import os
import threading

from plumbline.log import get_logger

END_SECONDS = 4.0
log = get_logger(__name__)


class Deadline:
    """Gives the process some seconds to release its Lease and to end."""

    def __init__(self, seconds: float = END_SECONDS) -> None:
        """Count down when started."""
        self._timer = threading.Timer(seconds, _end, (seconds,))
        self._timer.daemon = True
        # Taken by the first caller of `start`, and never released.
        self._started = threading.Lock()

    def start(self) -> None:
        """Start the countdown unless it is running; any thread may call this."""
        if self._started.acquire(blocking=False):
            self._timer.start()


def _end(seconds: float) -> None:
    log.error("a part of the operator hangs; killing the process", seconds=seconds)
    # `sys.exit` would end only this thread.
    os._exit(1)
