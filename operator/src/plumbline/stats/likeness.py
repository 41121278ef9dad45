"""How alike the rows of a live stream are: the overdispersion of its own older windows.

The reference shows how alike its rows are in the order and at the rate in which they were stored.
Live rows may come at another rate, or in another order, than those of a sample or an export. So the
live stream has to show it too: the chi-square of its older windows of one length around their own
mean, per degree of freedom (McCullagh and Nelder, Generalized Linear Models, 4.5).

A few windows show it only roughly, and columns with rare spells, such as rain, vary most. So its
precision is kept too: the number of independent squares that would show it as well, from the
variance over windows (Satterthwaite, 1946). The tail of the test follows from it, see `mixture`.
"""

from typing import NamedTuple

import numpy as np

from plumbline.stats.bins import Counts
from plumbline.stats.past import OlderWindows
from plumbline.stats.table import Floats, Ints

MIN_WINDOWS, MIN_ROWS = 6, 8
# Standard errors by which chance may make independent rows look uneven.
ERRORS = 2.0


class Likeness(NamedTuple):
    """What the older windows of one length show, by column; NaN where they show nothing.

    Attributes:
        rows: mean rows of a window.
        overdispersion: mean chi-square per degree of freedom.
        evenness: variance of the chi-square of independent rows over the measured variance.
        precision: number of independent squares that show the overdispersion as well.
    """

    rows: Floats
    overdispersion: Floats
    evenness: Floats
    precision: Floats

    def at(self, columns: Ints, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """Return overdispersion, evenness and precision for windows of so many rows.

        Rows of a window have an intra-class correlation rho, and n of them the design effect
        1 + (n - 1) rho (Kish, 1965). rho falls with the length of the window, so this is too large
        for longer windows.
        """
        known = self.overdispersion[columns]
        share = (rows - 1) / np.maximum(self.rows[columns] - 1, 1)
        found = np.maximum(1.0, 1 + share * (known - 1))
        error = np.minimum(share, 1) * known * np.sqrt(2 / self.precision[columns])
        precision = 2 * (found / np.maximum(error, 1e-6)) ** 2
        return found, self.evenness[columns], np.maximum(precision, 1)


def learn(
    starts: Ints, widths: Ints, reference: Counts, older: OlderWindows, since: Ints
) -> Likeness:
    """Return what older windows show.

    Args:
        starts: first cell of each column.
        widths: number of its cells.
        reference: counts of the reference in these cells.
        older: the windows.
        since: by column: windows that begin before this second do not count.
    """
    every = older.counts[:, : len(reference)].astype(np.float64)
    rows = np.add.reduceat(every, starts, axis=1)
    used = (rows >= MIN_ROWS) & (older.starts[:, None] >= since)
    rows, every = rows * used, every * np.repeat(used, widths, axis=1)
    number, total = used.sum(axis=0), rows.sum(axis=0)
    mean_rows = total / np.maximum(number, 1)
    shares = every.sum(axis=0) / np.repeat(np.maximum(total, 1), widths)
    ratios, df = _ratios(every, rows, shares, shares * np.repeat(mean_rows, widths), starts, widths)
    found = _summary(np.where(used, ratios, np.nan), df, number, mean_rows)
    return _without_variation(found, reference, every.sum(axis=0), starts, widths, df, number)


def _ratios(
    every: Floats, rows: Floats, shares: Floats, expected: Floats, starts: Ints, widths: Ints
) -> tuple[Floats, Floats]:
    """Return chi-square per degree of freedom; cells that expect less than a row are pooled."""
    small = expected < 1
    parts = np.repeat(rows, widths, axis=1) * shares
    squares = np.where(small, 0.0, (every - parts) ** 2 / np.where(parts > 0, parts, 1.0))
    chi = np.add.reduceat(squares, starts, axis=1)
    pool = np.add.reduceat(np.where(small, every - parts, 0.0), starts, axis=1)
    pooled = np.add.reduceat(np.where(small, parts, 0.0), starts, axis=1)
    chi += np.where(pooled > 0, pool**2 / np.where(pooled > 0, pooled, 1.0), 0.0)
    cells = np.add.reduceat((~small).astype(np.int64), starts) + (pooled.max(axis=0, initial=0) > 0)
    return chi / np.maximum(cells - 1, 1), (cells - 1).astype(np.float64)


def _summary(ratios: Floats, df: Floats, number: Ints, rows: Floats) -> Likeness:
    """Return mean, evenness and precision over windows."""
    enough = (number >= MIN_WINDOWS) & (df >= 1)
    ratios, k = np.where(enough, ratios, np.nan)[:, enough], number[enough]
    mean, variance = np.full((2, len(df)), np.nan)
    if enough.any():
        mean[enough] = np.nanmean(ratios, axis=0) * k / (k - 1)
        variance[enough] = np.maximum(np.nanvar(ratios, axis=0, ddof=1), 1e-12)
    even = np.clip(2 * mean**2 / df / variance, 0.25 / np.maximum(df, 1), 1)
    careful = even * (1 + ERRORS * np.sqrt((2 + 12 / np.maximum(df, 1)) / np.maximum(number, 1)))
    careful = np.clip(careful, 1 / np.maximum(df, 1), 1)
    return Likeness(rows, mean, careful, number * df * even)


def _without_variation(
    found: Likeness,
    reference: Counts,
    live: Floats,
    starts: Ints,
    widths: Ints,
    df: Floats,
    number: Ints,
) -> Likeness:
    """Add columns with a single value so far: what their rows together lack shows likeness.

    A week without rain where a tenth of the reference's rows have rain: rows with rain come
    together. If the reference has hardly another value either, rows look independent so far.
    """
    silent = (df < 1) & (number >= MIN_WINDOWS)
    if not silent.any():
        return found
    rows = np.add.reduceat(live, starts)
    expected = np.repeat(rows / np.add.reduceat(reference, starts), widths) * reference
    chi = np.add.reduceat((live - expected) ** 2 / np.maximum(expected, 1), starts)
    per_row = np.maximum(chi - 1, 0) / np.maximum(rows, 1)
    return Likeness(
        found.rows,
        np.where(silent, 1 + np.maximum(found.rows - 1, 0) * per_row, found.overdispersion),
        np.where(silent, 1.0, found.evenness),
        np.where(silent, number - 1.0, found.precision),
    )
