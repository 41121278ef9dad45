"""How far the counts of a window are from the reference, cell by cell.

Cells that expect fewer than five rows, or hold fewer in the reference, are pooled. The cells for
what the reference hardly had (below, above, never seen) stand alone once they hold five rows, a
twentieth of the window, and more rows than usually come together (half as many again as the
overdispersion): one odd hour does not alarm, a real departure does so early. The variance of what
was hardly expected is that of live rows and reference together: few rows have not seen much.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import ColumnBins, Counts

MIN_EXPECTED, NOVEL_ROWS, NOVEL_SHARE, NOVEL_CLUSTERS = 5.0, 5, 0.05, 1.5
Floats = NDArray[np.float64]


class Comparison(NamedTuple):
    """How far counts are from a reference, over pooled cells.

    Attributes:
        pearson: chi-square of the cells.
        likelihood: twice the logarithm of the likelihood ratio.
        expected: rows that the cell expects which expects the fewest, novelties aside.
        df: degrees of freedom of both; zero where there is but one cell.
        psi: population stability index.
    """

    pearson: float = 0.0
    likelihood: float = 0.0
    expected: float = 0.0
    df: int = 0
    psi: float = 0.0

    def statistic(self, phi: float) -> float:
        """Return the statistic, in units of the overdispersion phi, whose tail can be told.

        Pearson's has the tail of chi-square only in full cells. That a few like blocks all fall
        into one cell is likelier than it says: there the likelihood ratio, whose far tail is right
        however few they are, must say so as well.
        """
        full = self.expected >= MIN_EXPECTED * phi
        return (self.pearson if full else min(self.pearson, self.likelihood)) / phi


def compare(bins: ColumnBins, counts: Counts) -> Comparison:
    """Compare the counts of one column in one window with its reference."""
    reference = np.asarray(bins.counts, dtype=np.float64)
    live, reference = _pooled(bins, counts.astype(np.float64), reference)
    if len(live) < 2:
        return Comparison()
    n, m = live.sum(), reference.sum()
    smooth = 0.5
    p = (reference + smooth) / (m + smooth * len(reference))
    q = (live + smooth) / (n + smooth * len(live))
    expected = n * p
    both = n * (live + reference + smooth) / (n + m)
    variance = np.where(expected < 1, both, expected)
    return Comparison(
        pearson=_pearson(live, expected, variance),
        likelihood=_likelihood(live, expected, variance),
        expected=float(expected[expected >= 1].min(initial=n)),
        df=len(live) - 1,
        psi=float(((q - p) * np.log(q / p)).sum()),
    )


def _pearson(live: Floats, expected: Floats, variance: Floats) -> float:
    return float(((live - expected) ** 2 / variance).sum())


def _likelihood(live: Floats, expected: Floats, variance: Floats) -> float:
    """Return twice the log-likelihood ratio; what was hardly expected counts as by Pearson."""
    hardly = expected < 1
    held = np.maximum(live, np.finfo(float).tiny)
    terms = 2 * (live * np.log(held / expected) - live + expected)
    return float(terms[~hardly].sum()) + _pearson(live[hardly], expected[hardly], variance[hardly])


def _pooled(bins: ColumnBins, live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Pool the cells that expect too few rows; a cell of novelties stands alone once it is full."""
    rows, total = live.sum(), reference.sum()
    both = min(1.0, rows / total)
    small = both * reference < MIN_EXPECTED
    clusters = NOVEL_CLUSTERS * (overdispersion(bins, int(rows)) - 1)
    enough = max(NOVEL_ROWS, NOVEL_SHARE * rows, clusters)
    alone = [cell for cell in bins.novel if live[cell] >= enough and small[cell]]
    small[alone] = False
    live = np.append(live[~small], live[small].sum())
    reference = np.append(reference[~small], reference[small].sum())
    if both * reference[-1] >= MIN_EXPECTED or len(live) < 2:
        return live, reference
    return _merge_last(live, reference)


def _merge_last(live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Merge the last cell into the smallest other one of the reference."""
    into = int(np.argmin(reference[:-1]))
    merged_live, merged_reference = live[:-1].copy(), reference[:-1].copy()
    merged_live[into] += live[-1]
    merged_reference[into] += reference[-1]
    return merged_live, merged_reference


def overdispersion(bins: ColumnBins, rows: int) -> float:
    """Return the overdispersion of a window of so many rows.

    Between learnt sizes it is interpolated over the logarithm of the size; beyond the largest it
    grows with the window, as if nothing new were learnt from more rows: the careful assumption.
    """
    if not bins.overdispersion:
        return 1.0
    sizes = [size for size, _, _ in bins.overdispersion]
    values = [value for _, value, _ in bins.overdispersion]
    if rows > sizes[-1]:
        growing = values[-1] > 1.5 * (values[0] if len(values) > 1 else 1.0)
        return values[-1] * (rows / sizes[-1] if growing else 1.0)
    return float(np.interp(math.log(max(rows, 1)), np.log(sizes), values))


def evenness(bins: ColumnBins, rows: int) -> float:
    """Return how evenly the chi-square of a window is spread over its degrees of freedom."""
    if not bins.overdispersion:
        return 1.0
    sizes = [math.log(size) for size, _, _ in bins.overdispersion]
    shares = [share for _, _, share in bins.overdispersion]
    return float(np.interp(math.log(max(rows, 1)), sizes, shares))
