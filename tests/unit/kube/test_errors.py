"""Every answer has a type that says whether to try again."""

import pytest
from plumbline.kube import errors
from plumbline.kube.errors import error_of

KINDS = {
    (404, "NotFound"): errors.NotFound,
    (409, "AlreadyExists"): errors.AlreadyExists,
    (409, "Conflict"): errors.Conflict,
    (400, "BadRequest"): errors.Invalid,
    (413, "RequestEntityTooLarge"): errors.Invalid,
    (415, "UnsupportedMediaType"): errors.Invalid,
    (422, "Invalid"): errors.Invalid,
    (401, "Unauthorized"): errors.Unavailable,
    (403, "Forbidden"): errors.Forbidden,
    (410, "Expired"): errors.Gone,
    (429, "TooManyRequests"): errors.Throttled,
    (500, "InternalError"): errors.Unavailable,
    (503, ""): errors.Unavailable,
    (504, "Timeout"): errors.Unavailable,
}


@pytest.mark.parametrize(("status", "reason"), KINDS)
def test_an_answer_is_of_its_kind_and_says_what_was_tried(status: int, reason: str) -> None:
    error = error_of(status, reason, "because", attempt="create Job here/one")
    assert type(error) is KINDS[status, reason]
    assert error.status == status
    assert str(error) == f"create Job here/one: because ({status} {reason})"


def test_a_quota_that_is_used_up_is_no_missing_right() -> None:
    text = 'jobs "one" is forbidden: exceeded quota: small, requested: count/jobs.batch=1'
    assert type(error_of(403, "Forbidden", text, attempt="create")) is errors.QuotaExceeded


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), (None, 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("-3", 0)]
)
def test_the_pause_that_the_server_asks_for_is_read(header: str | None, seconds: float) -> None:
    error = error_of(429, "TooManyRequests", "busy", attempt="list jobs", retry_after=header)
    assert isinstance(error, errors.Throttled)
    assert error.retry_after_seconds == seconds
