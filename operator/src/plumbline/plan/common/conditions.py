"""Conditions as every kind sets them: Ready always, Reconciling and Stalled only while true.

`Reconciling` says that work is under way and `Stalled` that only a person can mend it; kstatus, and
so Helm and Flux, read InProgress and Failed from them. Times are stamped when the status is stored.
"""

from plumbline.api.objects import Manifest

READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"
REASON_LIMIT, MESSAGE_LIMIT = 63, 4096


def condition(type_: str, *, status: bool | None, reason: str, message: str) -> Manifest:
    """Return one condition; status None is Unknown."""
    words = {True: "True", False: "False", None: "Unknown"}
    return {
        "type": type_,
        "status": words[status],
        "reason": reason[:REASON_LIMIT],
        "message": message[:MESSAGE_LIMIT],
    }


def ready(reason: str, message: str) -> list[Manifest]:
    """Return the conditions of an object that keeps its promise."""
    return [condition(READY, status=True, reason=reason, message=message)]


def working(reason: str, message: str, *, is_ready: bool = False) -> list[Manifest]:
    """Return the conditions of an object that is being worked on or waits for something."""
    return [
        condition(READY, status=is_ready, reason=reason, message=message),
        condition(RECONCILING, status=True, reason=reason, message=message),
    ]


def stalled(reason: str, message: str) -> list[Manifest]:
    """Return the conditions of an object that only a person can mend."""
    return [
        condition(READY, status=False, reason=reason, message=message),
        condition(STALLED, status=True, reason=reason, message=message),
    ]


def held(reason: str, message: str) -> list[Manifest]:
    """Return the conditions of an object that is held on purpose (suspended)."""
    return [condition(READY, status=False, reason=reason, message=message)]
