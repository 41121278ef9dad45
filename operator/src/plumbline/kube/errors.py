"""The errors of the API server as types; each message names the request and its object."""


class ApiError(Exception):
    """A request to the API server failed."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        """Keep the HTTP status, 0 when there was no response."""
        super().__init__(message)
        self.status = status


class NotFound(ApiError):
    """The object does not exist."""


class AlreadyExists(ApiError):
    """An object of that name already exists."""


class Conflict(ApiError):
    """The object has changed since it was read."""


class Invalid(ApiError):
    """The object violates the schema or a policy; trying again does not help."""


class Forbidden(ApiError):
    """The operator is not allowed to do this; its role must be fixed."""


class QuotaExceeded(Forbidden):
    """The quota of the namespace is used up; the request can succeed when capacity frees up."""


class Gone(ApiError):
    """The resourceVersion is too old; list again."""


class Throttled(ApiError):
    """The API server asks to come back later."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        """Keep how long to wait."""
        super().__init__(message, status=429)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ApiError):
    """The API server did not respond, or responded with an internal error."""


class NotLeading(ApiError):
    """This replica may not write: its Lease has expired, and another replica may be the leader."""


BY_STATUS: dict[int, type[ApiError]] = {
    401: Unavailable,  # a token that was just rotated
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    410: Gone,
}


def error_of(
    status: int, reason: str, text: str, *, attempt: str, retry_after: str | None = None
) -> ApiError:
    """Return the error for a response."""
    message = f"{attempt}: {text} ({status} {reason})"
    if status == 429:
        return Throttled(message, retry_after_seconds=_seconds(retry_after))
    return _type(status, reason, text)(message, status=status)


def _type(status: int, reason: str, text: str) -> type[ApiError]:
    if status == 409:
        return AlreadyExists if reason == "AlreadyExists" else Conflict
    # Only this text tells a used-up quota from a missing role; both have the reason Forbidden.
    if status == 403 and "exceeded quota" in text:
        return QuotaExceeded
    return BY_STATUS.get(status, Invalid if 400 <= status < 500 else Unavailable)


def _seconds(retry_after: str | None) -> float:
    """Return the seconds to wait; 1 when the header is missing or a date."""
    try:
        return max(0.0, float(retry_after or 1))
    except ValueError:
        return 1.0
