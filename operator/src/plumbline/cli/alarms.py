"""What a replay found: each alarm with its row, and how many false ones to expect."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from plumbline.cli.replay import Moment, Settings
from plumbline.stats.drift import SECONDS_A_MONTH

Kind = Literal["Drifted", "DataBroken", "Suspect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A column that joined an alarm.

    Attributes:
        row: rows that had come, so the place of the newest one.
        second: second of the epoch.
        rule: for DataBroken and Suspect: what is wrong.
        score: for Drifted the population stability index less its noise, else a share of rows.
        until: rows that had come when the alarm closed; None if it was still open.
    """

    row: int
    second: int
    column: str
    kind: Kind
    rule: str | None
    score: float | None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """The result of a replay.

    Attributes:
        alarms: oldest first.
        evaluations: seconds that were evaluated with rows.
        learning: how many of these came before the rows showed how alike they are.
        seconds: from the first row to the last.
    """

    alarms: tuple[Alarm, ...]
    evaluations: int
    learning: int
    seconds: int
    settings: Settings

    @property
    def expected(self) -> float:
        """False alarms to expect in so long a time."""
        return self.settings.false_alarms_per_month * self.seconds / SECONDS_A_MONTH


def backtest(moments: Iterable[Moment], settings: Settings) -> Backtest:
    """Collect the alarms of a replay."""
    noted = _Notes()
    evaluations = learning = first = last = 0
    for each in moments:
        noted.note(each)
        first = first or each.second
        if each.is_new:
            last, evaluations = each.second, evaluations + 1
            learning += each.found.is_learning
    return Backtest(
        alarms=tuple(noted.found),
        evaluations=evaluations,
        learning=learning,
        seconds=last - first + 1 if first else 0,
        settings=settings,
    )


class _Notes:
    """The alarms so far; the places of those that are open, by kind, column and rule."""

    def __init__(self) -> None:
        self.found: list[Alarm] = []
        self._open: dict[tuple[Kind, str, str | None], int] = {}

    def note(self, moment: Moment) -> None:
        """Note which columns joined an alarm, and which alarms closed."""
        now = _standing(moment)
        kinds = {kind for kind, _, _ in now} | ({"Drifted"} if moment.found.drifted else set())
        for key in [key for key in self._open if key[0] not in kinds]:
            place = self._open.pop(key)
            self.found[place] = replace(self.found[place], until=moment.rows)
        for key, score in now.items():
            if key not in self._open:
                self._open[key] = len(self.found)
                kind, column, rule = key
                self.found.append(
                    Alarm(
                        row=moment.rows,
                        second=moment.second,
                        column=column,
                        kind=kind,
                        rule=rule,
                        score=score,
                    )
                )


def _standing(moment: Moment) -> dict[tuple[Kind, str, str | None], float | None]:
    """Return the columns of the open alarms, with their scores."""
    found = moment.found
    standing: dict[tuple[Kind, str, str | None], float | None] = {
        ("DataBroken", each.column, each.rule): each.rows / each.of for each in found.broken
    }
    standing |= {("Suspect", s.column, s.rule): s.rows / max(1, s.of) for s in found.suspects}
    broken = {each.column for each in found.broken}
    if found.drifted:
        standing |= {
            ("Drifted", each.name, None): each.score
            for each in found.findings
            if each.name in moment.verdict.differing - broken
        }
    return standing
