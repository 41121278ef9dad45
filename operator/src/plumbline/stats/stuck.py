"""One value that takes the place of many: broken data, rather than a world that has moved.

A sensor is stuck, a default stands for what was not sent. The rows of a window that hold its
fullest value are compared with the fullest value of the reference's own windows of as many rows,
whichever value that was: in a new season other values are common, but no more of one at a time.
It is a jump when both hold:

- significant: a binomial with the reference's largest share exceeds it with a chance below one
  look's, after rows are divided by the overdispersion of values.
- relevant: the share is larger by a fifth, and the others are left with the fourth power of their
  usual share at most, categories with the eighth: where few values are usual, their shares move
  by themselves, and that is drift.

Half the surplus and half the power make a suspicion. A value that fills whole windows of the
reference cannot jump in them, and never does where it fills the longest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.broken import Broken, log_chance
from plumbline.stats.drift import MIN_ROWS, windows

JUMP = 0.2
POWER = {"number": 4, "category": 8}
LASTING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the fullest value of a window holds: `rows` of `of` rows that have a value.

    Attributes:
        usual: largest share of one value in the reference's windows of as many rows.
        log_p: natural logarithm of a bound of the chance of so large a share.
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
        """Whether it may come to be."""
        return self._exceeds(JUMP / 2, self.power // 2)

    def _exceeds(self, jump: float, power: int) -> bool:
        return self.share >= self.usual + jump and 1 - self.share <= (1 - self.usual) ** power


def holdings(layout: Layout, seconds: Sequence[Counts] | Counts) -> list[Holding]:
    """Return where in the last 1, 2, 4, ... seconds a value is suspected of being stuck.

    What has ended is left out: the newest quarter of a window must hold half as large a share.

    Args:
        layout: the columns.
        seconds: counts of each second, oldest first: [seconds, layout.size].
    """
    sums, found = [sums for _, sums in windows(seconds)], []
    for column in layout.columns:
        if column.value_spike:
            found += _suspicious(column, [_fullest(layout, column, each) for each in sums])
    return found


def _suspicious(column: ColumnBins, fullest: list[tuple[int, int]]) -> list[Holding]:
    found = []
    for number, (rows, of) in enumerate(fullest):
        newest, newest_of = fullest[max(0, number - LASTING)]
        if of < MIN_ROWS or 2 * newest * of < rows * newest_of:
            continue
        usual, log_p = log_chance(column.value_spike, share=rows / of, rows=of)
        power = POWER[column.kind]
        found.append(
            Holding(column=column.name, rows=rows, of=of, usual=usual, log_p=log_p, power=power)
        )
    return [each for each in found if each.suspect]


def _fullest(layout: Layout, column: ColumnBins, sums: Counts) -> tuple[int, int]:
    """Return the rows of the fullest value, and the rows that have a value."""
    if column.kind == "number":
        values = sums[layout.values[column.name]]
        return int(values.max()), int(values.sum())
    cells = sums[layout.slices[column.name]]
    return int(cells[: len(column.categories)].max()), int(cells[:-1].sum())


def value_jumps(held: Iterable[Holding], *, log_alpha: float) -> list[Broken]:
    """Return the columns in which one value jumps, each with the window that it fills most."""
    jumping = [each for each in held if each.relevant and each.log_p < log_alpha]
    fullest = {each.column: each for each in sorted(jumping, key=lambda each: each.share)}
    return [
        Broken(column=each.column, rule="ValueJump", rows=each.rows, of=each.of)
        for each in fullest.values()
    ]
