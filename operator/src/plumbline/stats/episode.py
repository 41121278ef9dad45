"""Hysteresis: an alarm opens after looks in a row that alarm, and closes after many that do not."""

from dataclasses import dataclass

OPEN_LOOKS, CLOSE_LOOKS = 2, 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether the alarm stands, and how many looks in a row spoke against that."""

    standing: bool = False
    against: int = 0


def advance(state: Alarm, *, alarmed: bool) -> Alarm:
    """Return the state after one more look."""
    if alarmed == state.standing:
        return Alarm(state.standing, 0)
    against = state.against + 1
    needed = CLOSE_LOOKS if state.standing else OPEN_LOOKS
    return Alarm(alarmed, 0) if against >= needed else Alarm(state.standing, against)
