"""What a client did wrong, as an HTTP answer."""


class RequestError(Exception):
    """A request that cannot be answered; the message says what, where and what to do."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        """Answer with this status."""
        super().__init__(message)
        self.status = status
