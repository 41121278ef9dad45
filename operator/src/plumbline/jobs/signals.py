"""SIGTERM, handled from the start: Linux ignores it for process 1 of a container by default."""

import signal
import sys
from types import FrameType
from typing import NoReturn

# Signals that came, also those before `wait_for_end` was called.
_seen: list[int] = []


def remember() -> None:
    """Keep a SIGTERM for `wait_for_end` instead of ending the process."""
    signal.signal(signal.SIGTERM, lambda number, _: _seen.append(number))


def forget() -> None:
    """Forget the SIGTERM that came; for tests, in which one process runs several steps."""
    _seen.clear()


def end_at_once() -> None:
    """End on SIGTERM, as every process but the first of a container does."""
    signal.signal(signal.SIGTERM, _leave)


def wait_for_end() -> None:
    """Return once SIGTERM has come, at once if it has come before."""
    # Blocked, so that a signal between the check and the wait is not lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        while not _seen:
            _seen.append(signal.sigwait({signal.SIGTERM}))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
