"""Hysteresis: a few evaluations in a row open an alarm, and many in a row close it."""

from dataclasses import dataclass

# How many evaluations in a row; there is one per second while rows come.
OPEN_AFTER, CLOSE_AFTER = 2, 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether the alarm is on, and how many evaluations in a row said the opposite."""

    is_on: bool = False
    against: int = 0


def advance(state: Alarm, *, alarmed: bool) -> Alarm:
    """Return the state after one more evaluation."""
    if alarmed == state.is_on:
        return Alarm(state.is_on, 0)
    against = state.against + 1
    needed = CLOSE_AFTER if state.is_on else OPEN_AFTER
    return Alarm(alarmed, 0) if against >= needed else Alarm(state.is_on, against)
