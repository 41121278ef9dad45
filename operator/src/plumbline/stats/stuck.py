"""One value that takes the place of many: broken data, rather than a world that has moved.

A sensor is stuck, a default stands for what was not sent. The rows of a window that hold its
fullest value are compared with the fullest value of the reference's own windows of as many rows,
whichever value that was: in a new season other values are common, but no more of one at a time.
It is a jump when both hold:

- significant: a binomial with the reference's largest share exceeds it with a chance below one
  look's, after rows are divided by the overdispersion of values.
- relevant: the share is larger by a fifth, and the others are left with the cube of their share
  at most: where few values are usual, their shares move by themselves, and that is drift.

What is not yet a jump may be a suspicion: its chance is below one in ten, and the others are left
with the square of their share. A value that fills whole windows of the reference cannot jump in
them, and never does where it fills the longest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.broken import Broken, log_binomial_tail
from plumbline.stats.drift import MIN_ROWS, windows

JUMP = 0.2
LOG_SUSPICION = math.log(0.1)
LASTING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The fullest value of a column in a window: `rows` of `of` rows that have a value.

    Attributes:
        usual: largest share of one value in the reference's windows of this size.
        log_p: natural logarithm of a bound of the chance of so many rows.
    """

    column: str
    rows: int
    of: int
    usual: float
    log_p: float

    @property
    def suspicious(self) -> bool:
        """Whether it may be a jump that more rows would show."""
        return self.log_p < LOG_SUSPICION and 1 - self.rows / self.of <= (1 - self.usual) ** 2

    @property
    def relevant(self) -> bool:
        """Whether the share is large beside the usual one."""
        share, others = self.rows / self.of, 1 - self.usual
        return share >= self.usual + JUMP and 1 - share <= others**3


def holdings(layout: Layout, seconds: Sequence[Counts] | Counts) -> list[Holding]:
    """Return the windows of the last 1, 2, 4, ... seconds that one value fills unusually.

    What has ended is left out: the newest quarter of a window must hold half as large a share.

    Args:
        layout: the columns.
        seconds: counts of each second, oldest first: [seconds, layout.size].
    """
    sums = [sums for _, sums in windows(seconds)]
    found = []
    for column in layout.columns:
        if column.value_spike:
            counts = [_fullest(layout, column, sum_) for sum_ in sums]
            found += _unusual(column, counts)
    return found


def _unusual(column: ColumnBins, counts: list[tuple[int, int]]) -> list[Holding]:
    found = []
    for number, (rows, of) in enumerate(counts):
        newest, newest_of = counts[max(0, number - LASTING)]
        if of >= MIN_ROWS and 2 * newest * of >= rows * newest_of:
            held = holding(column, rows=rows, of=of)
            found += [held] if held.suspicious else []
    return found


def holding(bins: ColumnBins, *, rows: int, of: int) -> Holding:
    """Compare the fullest value with those of the reference's windows of as many rows.

    Rows beyond the size of those windows, which is the next smaller one learnt, say nothing new.
    """
    fitting = [spike for spike in bins.value_spike if spike[0] <= of]
    size, usual, phi = fitting[-1] if fitting else bins.value_spike[0]
    effective = min(of, size) / phi
    log_p = log_binomial_tail(rows / of, effective, usual)
    return Holding(column=bins.name, rows=rows, of=of, usual=usual, log_p=log_p)


def _fullest(layout: Layout, column: ColumnBins, sums: Counts) -> tuple[int, int]:
    """Return the rows of the fullest value, and the rows that have a value."""
    if column.kind == "number":
        values = sums[layout.values[column.name]]
        return int(values.max()), int(values.sum())
    cells = sums[layout.slices[column.name]]
    return int(cells[: len(column.categories)].max()), int(cells[:-1].sum())


def jumps(held: Sequence[Holding], *, log_alpha: float) -> list[Broken]:
    """Return the columns in which one value has jumped, each with its surest window."""
    sure = [each for each in held if each.relevant and each.log_p < log_alpha]
    surest = {each.column: each for each in sorted(sure, key=lambda each: -each.log_p)}
    return [
        Broken(column=each.column, rule="ValueJump", rows=each.rows, of=each.of)
        for each in surest.values()
    ]
