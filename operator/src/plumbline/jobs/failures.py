"""The one way for a step to fail: a reason for the condition, a sentence, and whether to retry."""

from plumbline.store import StoreError

USER_ERROR = 64
TEMPORARY = 75


class JobFailed(Exception):
    """A step cannot do its work.

    Attributes:
        reason: one CamelCase word, shown as the condition's reason.
        message: what, where and what to do.
        retry: whether the same attempt may succeed later without anybody mending anything.
    """

    def __init__(self, reason: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry = retry

    @property
    def exit_code(self) -> int:
        """The code that the Job's failure policy knows: 64 is for good, 75 is worth another try."""
        return TEMPORARY if self.retry else USER_ERROR


def of_store(error: StoreError) -> JobFailed:
    """Return a store's error as a step's; the store is ours, so a missing object is a failure."""
    reason = {"Damaged": "StoreDamaged", "Missing": "StoreObjectMissing"}.get(
        error.reason, error.reason
    )
    return JobFailed(reason, str(error), retry=error.retry)
