"""What the API server can refuse, as types; each message says what was tried on which object."""


class ApiError(Exception):
    """The API server did not do what was asked."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        """Keep the HTTP status, 0 when there was no answer."""
        super().__init__(message)
        self.status = status


class NotFound(ApiError):
    """The object does not exist."""


class AlreadyExists(ApiError):
    """An object of that name exists."""


class Conflict(ApiError):
    """The object has changed since it was read."""


class Invalid(ApiError):
    """The object breaks the schema or a policy; trying again does not help."""


class Forbidden(ApiError):
    """The operator may not do this; its role must be mended."""


class Gone(ApiError):
    """The resourceVersion is too old; list again."""


class Throttled(ApiError):
    """The API server asks to come back later."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        """Keep how long to wait."""
        super().__init__(message, status=429)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ApiError):
    """The API server did not answer, or answered with an error of its own."""


BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unavailable,
    403: Forbidden,
    404: NotFound,
    410: Gone,
    422: Invalid,
}


def error_of(
    status: int, reason: str, text: str, *, attempt: str, retry_after: str | None
) -> ApiError:
    """Return the error that an answer stands for."""
    message = f"{attempt}: {text} ({status} {reason})"
    if status == 409:
        kind = AlreadyExists if reason == "AlreadyExists" else Conflict
        return kind(message, status=status)
    if status == 429:
        return Throttled(message, retry_after_seconds=float(retry_after or 1))
    return BY_STATUS.get(status, Unavailable)(message, status=status)
