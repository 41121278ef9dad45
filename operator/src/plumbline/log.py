"""Log lines for people and for log systems: one constant message, and keys with values.

    log = get_logger(__name__)
    with bound(kind="TrainingRun", namespace="team", name="late-1"):
        log.warning("reconcile failed", error=error, retry_seconds=2.5)

    2026-12-01T12:00:00.000Z WARNING reconcile failed kind=TrainingRun namespace=team name=late-1

A constant message is easy to search, and keys are easy to query. Lines of other libraries have the
same form. This uses the standard library: structlog added 30 ms to the start of a server, and its
lines still had to pass through `logging` to be with those of uvicorn and kopf.

Values never contain rows, payloads or secrets; each caller must make sure of that.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_context: ContextVar[tuple[tuple[str, Any], ...]] = ContextVar("log_context", default=())


class Logger:
    """Writes lines under the name of a module."""

    def __init__(self, name: str) -> None:
        """Write under `name`."""
        self._logger = logging.getLogger(name)

    def debug(self, message: str, /, **values: Any) -> None:
        """Log details that help to find a fault."""
        self._write(logging.DEBUG, message, values)

    def info(self, message: str, /, **values: Any) -> None:
        """Log what was done."""
        self._write(logging.INFO, message, values)

    def warning(self, message: str, /, **values: Any) -> None:
        """Log what failed and is tried again, or is not necessary."""
        self._write(logging.WARNING, message, values)

    def error(self, message: str, /, **values: Any) -> None:
        """Log what needs a person."""
        self._write(logging.ERROR, message, values)

    def exception(self, message: str, error: BaseException, /, **values: Any) -> None:
        """Log what needs a person, with the place of the error."""
        self._write(logging.ERROR, message, values, error)

    def _write(
        self,
        level: int,
        message: str,
        values: Mapping[str, Any],
        trace: BaseException | None = None,
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, extra={"values": values}, exc_info=trace)


def get_logger(name: str) -> Logger:
    """Return the logger of a module."""
    return Logger(name)


def bind(**values: Any) -> None:
    """Add these values to the following lines inside the innermost `bound`."""
    _context.set((*_context.get(), *values.items()))


@contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Add these values to each line that this task, and tasks that it starts, write inside."""
    token = _context.set((*_context.get(), *values.items()))
    try:
        yield
    finally:
        _context.reset(token)


def bound_values() -> dict[str, Any]:
    """Return the values that each line here gets."""
    return dict(_context.get())


def frames(error: BaseException) -> str:
    """Return where an error was raised, without its text, which may quote a row or a payload."""
    earlier = error.__cause__ or error.__context__
    above = f"{frames(earlier)}\n" if earlier else ""
    return f"{above}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
