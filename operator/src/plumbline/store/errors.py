"""The errors of a store, with messages that say what, where and what to do, without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions as raised


class StoreError(Exception):
    """A call to the store failed.

    Attributes:
        reason: reason for conditions, one CamelCase word.
        retry: whether the same call may succeed later without a fix.
    """

    reason = "StoreFailed"
    retry = False


class CredentialsRefused(StoreError):
    """The store refuses the credentials or the access."""

    reason = "CredentialsRefused"


class BucketMissing(StoreError):
    """The bucket does not exist and could not be created."""

    reason = "BucketMissing"


class Unreachable(StoreError):
    """The store does not respond, or not in time."""

    reason = "StoreUnreachable"
    retry = True


class Damaged(StoreError):
    """The content does not match its digest."""

    reason = "StoreDamaged"


class Missing(StoreError):
    """The object does not exist."""

    reason = "StoreObjectMissing"


class Changed(StoreError):
    """The object changed while it was read."""

    reason = "StoreObjectChanged"
    retry = True


class TooLarge(StoreError):
    """The object is larger than the reader allows."""

    reason = "StoreObjectTooLarge"


_REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403 Forbidden")


@contextmanager
def translated(doing: str, where: str) -> Iterator[None]:
    """Turn an error of obstore into a `StoreError` that says what failed, and where.

    Args:
        doing: what to do, such as "read a manifest"; it follows "Cannot".
        where: the place without credentials, such as "s3://plumbline-team at http://store:7070".
    """
    try:
        yield
    except StoreError:
        raise
    except (raised.BaseError, OSError) as error:
        raise _store_error(error, doing, where) from error


def _store_error(error: Exception, doing: str, where: str) -> StoreError:
    text = str(error)
    if "NoSuchBucket" in text:
        return BucketMissing(
            f"Cannot {doing}: {where} does not exist. Create the bucket, or fix the URL."
        )
    if isinstance(error, raised.NotFoundError | FileNotFoundError):
        return Missing(f"Cannot {doing}: not found in {where}.")
    if _is_refusal(error, text):
        return CredentialsRefused(
            f"Cannot {doing}: {where} refuses the credentials. Check the access key, its secret "
            "and its permissions."
        )
    # Every other error may pass by itself, also one of the file system, such as a full disk.
    why = (error.strerror if isinstance(error, OSError) else None) or _client_problem(text)
    return Unreachable(f"Cannot {doing} at {where}: {why}.")


def _is_refusal(error: Exception, text: str) -> bool:
    known = raised.PermissionDeniedError | raised.UnauthenticatedError | PermissionError
    return isinstance(error, known) or any(word in text for word in _REFUSED)


def _client_problem(text: str) -> str:
    """Return the helpful part of a client error, without URLs, queries and bodies."""
    for word, meaning in (
        ("dns", "cannot resolve the host name"),
        ("Connect", "cannot connect"),
        ("connect", "cannot connect"),
        ("timed out", "timed out"),
        ("timeout", "timed out"),
        ("certificate", "its certificate is not trusted"),
        ("500", "HTTP status 500"),
        ("503", "HTTP status 503"),
    ):
        if word in text:
            return meaning
    return "unexpected response"
