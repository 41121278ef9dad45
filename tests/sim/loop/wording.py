"""What makes a message hard to read, as far as a program can see it."""

import re
from collections.abc import Iterator
from functools import lru_cache

from plumbline.api.metrics import METRICS
from plumbline.api.plan import Plan

# A message may begin with a name as it is: a metric, a field, a file or an address.
NAMES = (*METRICS, "spec.", "s3://", "/")
PLAIN = {
    "a word of our own": re.compile(r"\bmend|\bin vain\b|\bwhoever\b|\bnobody\b|\bsomebody\b"),
    "a placeholder": re.compile(r"<[^>]*>"),
    "two full stops": re.compile(r"\.\."),
    "a full digest": re.compile(r"[0-9a-f]{64}"),
    # Those of a user's own code are shown as they are.
    "a class of Python": re.compile(
        r"\b(?:gaierror|(?:Connection\w*|Timeout|OS|Client\w*|Permission)Error|NoneType)\b"
    ),
}


class Unreadable(AssertionError):
    """A message that a stranger has to read twice."""


@lru_cache(maxsize=4096)
def faults(message: str) -> tuple[str, ...]:
    """Return what is wrong with a message."""
    return tuple(_faults(message))


def check(plan: Plan) -> None:
    """Read each message of a plan.

    Raises:
        Unreadable: one has a fault.
    """
    said = [each.message for each in (*plan.decisions, *plan.events)]
    said += [each["message"] for each in (plan.status or {}).get("conditions", ())]
    if bad := {message: found for message in said if (found := faults(message))}:
        raise Unreadable(bad)


def _faults(message: str) -> Iterator[str]:
    if not message[:1].isupper() and not message.startswith(NAMES):
        yield "it does not begin with a capital letter or a name"
    if not message.endswith("."):
        yield "it does not end with a full stop"
    yield from (f"it has {what}" for what, bad in PLAIN.items() if bad.search(message))
