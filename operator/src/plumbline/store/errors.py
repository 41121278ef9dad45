"""Everything that can go wrong at a store, said as what, where and what to do; never a secret."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions as raised


class StoreError(Exception):
    """A store did not do what it was asked.

    Attributes:
        reason: the CamelCase word for conditions.
        retry: whether the same call may succeed later without anybody mending anything.
    """

    reason = "StoreFailed"
    retry = False


class CredentialsRefused(StoreError):
    """The store does not accept who we are, or what we may do."""

    reason = "CredentialsRefused"


class BucketMissing(StoreError):
    """There is no such bucket, and it could not be made."""

    reason = "BucketMissing"


class Unreachable(StoreError):
    """Nobody answers, or not in time."""

    reason = "StoreUnreachable"
    retry = True


class Damaged(StoreError):
    """What came back is not what its digest says."""

    reason = "Damaged"


class Missing(StoreError):
    """There is nothing at this place."""

    reason = "Missing"


class Changed(StoreError):
    """There is something else at this place than a moment ago."""

    reason = "Changed"
    retry = True


class TooLarge(StoreError):
    """There is more than the reader is willing to take."""

    reason = "TooLarge"


_REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403 Forbidden")


@contextmanager
def translated(doing: str, where: str) -> Iterator[None]:
    """Turn what obstore raises into a `StoreError` that says what was being done, and where.

    Args:
        doing: the attempt, such as "reading manifest sha256:12ab".
        where: the place without credentials, such as "s3://plumbline-team at http://store:7070".
    """
    try:
        yield
    except StoreError:
        raise
    except (raised.BaseError, OSError) as error:
        raise _story(error, doing, where) from error


def _story(error: Exception, doing: str, where: str) -> StoreError:
    text = str(error)
    if "NoSuchBucket" in text:
        return BucketMissing(f"{doing}: {where} does not exist; create the bucket or mend the URL.")
    if isinstance(error, raised.NotFoundError | FileNotFoundError):
        return Missing(f"{doing}: not found in {where}.")
    if _is_refusal(error, text):
        return CredentialsRefused(
            f"{doing}: {where} refuses these credentials; check the access key, its secret and "
            "what they may do there."
        )
    return Unreachable(f"{doing}: {where} does not answer as it should ({_kind(text)}).")


def _is_refusal(error: Exception, text: str) -> bool:
    known = raised.PermissionDeniedError | raised.UnauthenticatedError | PermissionError
    return isinstance(error, known) or any(word in text for word in _REFUSED)


def _kind(text: str) -> str:
    """Return the part of a client error that helps, without URLs, queries or bodies."""
    for word, meaning in (
        ("dns", "its name does not resolve"),
        ("Connect", "no connection"),
        ("connect", "no connection"),
        ("timed out", "timeout"),
        ("timeout", "timeout"),
        ("certificate", "its certificate is not trusted"),
        ("500", "error 500"),
        ("503", "error 503"),
    ):
        if word in text:
            return meaning
    return "an unexpected answer"
