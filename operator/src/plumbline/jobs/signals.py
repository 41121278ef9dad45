"""SIGTERM, from the first moment on: the first process of a container would otherwise ignore it."""

import signal
import sys
from types import FrameType
from typing import NoReturn

# Seen before anybody waited for it.
_seen: list[int] = []


def remember() -> None:
    """Remember a SIGTERM for `wait_for_end` instead of dying of it."""
    signal.signal(signal.SIGTERM, lambda number, _: _seen.append(number))


def forget() -> None:
    """Forget a SIGTERM that was seen; for one process that plays several pods."""
    _seen.clear()


def end_at_once() -> None:
    """Leave on SIGTERM, as a process that is not the first of its container would."""
    signal.signal(signal.SIGTERM, _leave)


def wait_for_end() -> None:
    """Return once SIGTERM has come, however early."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        while not _seen:
            _seen.append(signal.sigwait({signal.SIGTERM}))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
