"""When a fetch that failed is tried again by itself: soon, from time to time, or never."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.api.v1alpha1.dataset import Fetch
from plumbline.plan.common import jobs

QUICK_SECONDS = (10, 30, 90)
SLOW_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A try that follows a failure.

    Attributes:
        at: when.
        number: which attempt it will be.
        soon: whether it is one of the quick ones, before anybody is called.
    """

    at: datetime
    number: int
    soon: bool


def retry_of(fetch: Fetch, reason: str, number: int) -> Retry | None:
    """Return the try that follows this fetch, which was the attempt of this number."""
    if fetch.outcome != "Failed" or fetch.time is None:
        return None
    if is_quick(reason, number):
        wait = timedelta(seconds=QUICK_SECONDS[number - 1])
        return Retry(at=fetch.time + wait, number=number + 1, soon=True)
    if reason not in jobs.MENDABLE:
        return None
    wait = timedelta(seconds=SLOW_SECONDS)
    return Retry(at=fetch.time + wait, number=number + 1, soon=False)


def is_quick(reason: str, number: int) -> bool:
    """Tell whether the failure will pass soon, so that nobody need be told yet."""
    return reason in jobs.TEMPORARY and number <= len(QUICK_SECONDS)
