"""One value that replaces many: broken data, not drift.

Examples are a stuck sensor, or a default for values that were not sent. The share of a window's
most frequent value is compared with the largest share of one value in the reference's windows of as
many rows, whichever value that was: in a new season other values are frequent, but none is more
frequent than before. It is a jump when both are true:

- significant: with the reference's largest share, the binomial probability of so many rows is below
  the limit of one evaluation; rows are divided by the overdispersion of values first.
- relevant: the share is larger by 2/5, and the share of all other values is at most the fourth
  power of their usual share (categories: the eighth). When a column has few frequent values, their
  shares change more easily, and such a change is drift.

Half the surplus and half the power raise a suspicion. A value that fills complete windows of the
reference cannot jump at these sizes, and cannot jump at all if it fills the longest ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.broken import Broken, log_chance
from plumbline.stats.confirmation import MIN_ROWS
from plumbline.stats.windows import Windows

JUMP = 0.4
POWER = {"number": 4, "category": 8}
NEWEST_SECONDS, LASTING = 32, 0.75


class Fullest(NamedTuple):
    """Rows of a window's fullest value, `rows` of `of` rows that have a value."""

    seconds: int
    rows: int
    of: int

    @property
    def share(self) -> float:
        """Share of the rows that have a value."""
        return self.rows / self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """The most frequent value of a window: in `rows` of `of` rows that have a value.

    Attributes:
        usual: largest share of one value in the reference's windows of as many rows.
        log_p: natural logarithm of an upper bound of the probability of so large a share.
    """

    column: str
    rows: int
    of: int
    usual: float
    log_p: float
    power: int

    @property
    def share(self) -> float:
        """Share of the rows that have a value."""
        return self.rows / self.of

    @property
    def relevant(self) -> bool:
        """Whether the surplus is large enough for a jump."""
        return self._exceeds(JUMP, self.power)

    @property
    def suspect(self) -> bool:
        """Whether the surplus is large enough for a suspicion."""
        return self._exceeds(JUMP / 2, self.power // 2)

    def _exceeds(self, jump: float, power: int) -> bool:
        return self.share >= self.usual + jump and 1 - self.share <= (1 - self.usual) ** power


def suspicions(layout: Layout, windows: Windows) -> list[Suspicion]:
    """Return the windows in which a value is suspected of being stuck.

    A share that has ended is left out: in the newest half minute (longer if it has few rows) the
    share must be at least three quarters as large.

    Args:
        layout: the columns.
        windows: what came.
    """
    found = list[Suspicion]()
    for column in layout.columns:
        if column.value_spike and (fullest := _fullest(layout, column, windows)):
            found += _suspicious(column, fullest)
    return found


def _suspicious(column: ColumnBins, fullest: list[Fullest]) -> list[Suspicion]:
    enough, power = [each for each in fullest if each.of >= MIN_ROWS], POWER[column.kind]
    newest = next((each for each in enough if each.seconds >= NEWEST_SECONDS), None)
    found = []
    for each in enough:
        usual, log_p = log_chance(column.value_spike, share=each.share, rows=each.of)
        held = Suspicion(
            column=column.name, rows=each.rows, of=each.of, usual=usual, log_p=log_p, power=power
        )
        if held.suspect and not _is_over(each, newest):
            found.append(held)
    return found


def _is_over(window: Fullest, newest: Fullest | None) -> bool:
    if newest is None or newest.seconds >= window.seconds:
        return False
    return newest.share < LASTING * window.share


def _fullest(layout: Layout, column: ColumnBins, windows: Windows) -> list[Fullest]:
    """Return the most frequent value of each window, if one of them raises a suspicion."""
    if column.kind == "number":
        values = known = windows.sums[:, layout.values[column.name]]
    else:
        known = windows.sums[:, layout.slices[column.name]][:, :-1]
        values = known[:, : column.single]
    rows, of = values.max(axis=1), known.sum(axis=1)
    if not ((of >= MIN_ROWS) & (rows >= JUMP / 2 * of)).any():
        return []
    return list(map(Fullest, windows.seconds, rows.tolist(), of.tolist()))


def value_jumps(held: Iterable[Suspicion], *, log_alpha: float) -> list[Broken]:
    """Return the columns in which one value jumps, each with the window of its largest share."""
    jumping = [each for each in held if each.relevant and each.log_p < log_alpha]
    fullest = {each.column: each for each in sorted(jumping, key=lambda each: each.share)}
    return [
        Broken(column=each.column, rule="ValueJump", rows=each.rows, of=each.of)
        for each in fullest.values()
    ]
