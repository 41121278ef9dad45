"""Hysteresis: a few evaluations in a row open an alarm, and many in a row close it.

An alarm of a long window takes as long to close: what comes back within that time is the same
episode.
"""

from dataclasses import dataclass

# How many evaluations in a row; there is one per second while rows come.
OPEN_AFTER, CLOSE_AFTER = 2, 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether the alarm is on, and how many evaluations in a row said the opposite.

    Attributes:
        is_on: whether it is on.
        against: evaluations in a row that said the opposite.
        close_after: how many of them close it.
    """

    is_on: bool = False
    against: int = 0
    close_after: int = CLOSE_AFTER


def advance(state: Alarm, *, alarmed: bool, seconds: int = 0) -> Alarm:
    """Return the state after one more evaluation.

    Args:
        state: the state before.
        alarmed: what the evaluation says.
        seconds: length of the window that says so.
    """
    if alarmed == state.is_on:
        return Alarm(state.is_on, 0, state.close_after)
    against = state.against + 1
    if against < (state.close_after if state.is_on else OPEN_AFTER):
        return Alarm(state.is_on, against, state.close_after)
    return Alarm(alarmed, 0, max(CLOSE_AFTER, seconds) if alarmed else CLOSE_AFTER)
