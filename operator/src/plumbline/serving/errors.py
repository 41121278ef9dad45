"""Errors of clients, as HTTP answers."""

from collections.abc import Mapping


class RequestError(Exception):
    """A request that cannot be answered; the message says what is wrong and what to do."""

    def __init__(
        self, message: str, *, status: int = 400, headers: Mapping[bytes, bytes] | None = None
    ) -> None:
        """Answer with this status and these headers."""
        super().__init__(message)
        self.status, self.headers = status, headers or {}
