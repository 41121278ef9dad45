"""Hysteresis: a few evaluations in a row open an alarm, and many in a row close it."""

from dataclasses import dataclass

OPEN_LOOKS, CLOSE_LOOKS = 2, 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether the alarm is on, and how many evaluations in a row said the opposite."""

    standing: bool = False
    against: int = 0


def advance(state: Alarm, *, alarmed: bool) -> Alarm:
    """Return the state after one more evaluation."""
    if alarmed == state.standing:
        return Alarm(state.standing, 0)
    against = state.against + 1
    needed = CLOSE_LOOKS if state.standing else OPEN_LOOKS
    return Alarm(alarmed, 0) if against >= needed else Alarm(state.standing, against)
