"""An end that comes in time, whatever hangs: it does not depend on any event loop."""

import os
import threading

from plumbline.log import get_logger

END_SECONDS = 4.0
log = get_logger(__name__)


class Deadline:
    """From its start on, the process has some seconds to give back its Lease and to end."""

    def __init__(self, seconds: float = END_SECONDS) -> None:
        """Count down when started."""
        self._timer = threading.Timer(seconds, _end)
        self._timer.daemon = True
        self._unstarted = threading.Lock()

    def start(self) -> None:
        """Begin to count, if that has not begun; any thread may call this."""
        if self._unstarted.acquire(blocking=False):
            self._timer.start()


def _end() -> None:
    log.error("the operator has not ended in time: something hangs", seconds=END_SECONDS)
    os._exit(1)
