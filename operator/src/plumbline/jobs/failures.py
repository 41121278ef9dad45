"""The one way for a step to fail: a reason for the condition, a sentence, and whether to retry."""

from plumbline.contract.last_words import Failure
from plumbline.store import StoreError


class JobFailed(Exception):
    """A step cannot do its work.

    Attributes:
        reason: one CamelCase word, shown as the condition's reason.
        message: what, where and what to do.
        retry: whether the same attempt may succeed later although nobody fixes anything.
    """

    def __init__(self, reason: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry = retry

    @property
    def last_word(self) -> Failure:
        """What the step leaves in its termination message."""
        return Failure(reason=self.reason, message=self.message, temporary=self.retry)


def text_of(error: BaseException, limit: int = 500) -> str:
    """Return the text of another library's error, to stand before a full stop.

    The class of the error belongs in the log: few users know the classes of a library.
    """
    return str(error).strip()[:limit].rstrip(". ") or "it gives no details"


def of_store(error: StoreError) -> JobFailed:
    """Return the error of the store as the failure of a step."""
    return JobFailed(error.reason, str(error), retry=error.retry)
