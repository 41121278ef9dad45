"""Whether two models predict differently, from the counts of their predictions by cell.

Each model counts its predictions in the cells of its own reference. So for numbers only the shares
of predictions up to an edge are known, and those of the other model lie between its next edges.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plumbline.stats.sequential import chance_below, lower_share

if TYPE_CHECKING:
    from plumbline.stats.bins import ColumnBins, Counts
    from plumbline.stats.table import Floats

# A model is nearly constant if its predictions vary a tenth as much as those of the stable model.
# Where these hardly vary themselves, nothing is said.
NEARLY_CONSTANT, LEAST_VARIED = 0.1, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The predictions of one model.

    Attributes:
        column: their cells.
        cells: number of predictions in each cell.
        values: number of predictions by a hash of their value; empty for classes.
        requests: their requests, as far as known: the predictions of one request may be alike.
    """

    column: "ColumnBins"
    cells: "Counts"
    values: "Counts"
    requests: int = 0

    @property
    def n(self) -> int:
        """How many of the predictions count as independent."""
        return min(self.requests, int(self.cells.sum()))

    @property
    def varied(self) -> int:
        """How many of them differ from the most frequent one."""
        counts = self.values if self.values.sum() else self.cells
        return round(self.n * (1 - float(counts.max()) / max(1, int(counts.sum()))))


def constant_below(stable: Predictions, alpha: float) -> float:
    """Return the share of varied predictions below which a model is nearly constant; 0: no model.

    The share of the stable model that is used is certain but for the chance alpha.
    """
    least = lower_share(stable.varied, stable.n, alpha)
    return NEARLY_CONSTANT * least if least >= LEAST_VARIED else 0.0


def is_constant(canary: Predictions, limit: float, alpha: float) -> bool:
    """Return whether the predictions certainly vary less than the limit."""
    return chance_below(canary.varied, canary.n, limit) < alpha


def can_tell(canary: Predictions, limit: float, alpha: float) -> bool:
    """Return whether there are enough predictions to find a constant."""
    return not limit or chance_below(0, canary.n, limit) < alpha


def certain_shift(stable: Predictions, canary: Predictions, alpha: float) -> float:
    """Return the least difference of both distributions that fits the counts.

    For numbers it is that of Kolmogorov and Smirnov: the largest difference of the shares up to any
    value. For classes it is the largest difference of the shares of any class.
    """
    if stable.column.kind != canary.column.kind or not (stable.n and canary.n):
        return 0.0
    unsure = sum(noise(each.n, alpha / 2) for each in (stable, canary))
    if stable.column.kind == "number":
        return max(_beyond(stable, canary), _beyond(canary, stable)) - unsure
    # A share of a class is the difference of two shares up to a class.
    return _by_class(stable, canary) - 2 * unsure


def noise(n: int, alpha: float) -> float:
    """Return how far shares may be from the truth at any time.

    The inequality of Dvoretzky, Kiefer and Wolfowitz for all times together: Howard and Ramdas,
    "Sequential estimation of quantiles", Bernoulli 2022.
    """
    return 0.85 * math.sqrt((math.log(1 + math.log(n)) + 0.8 * math.log(1612 / alpha)) / n)


def _beyond(one: Predictions, other: Predictions) -> float:
    """Return how far one's share up to an edge is certainly above or below the other's."""
    mine, theirs = _shares(one), np.concatenate([[0.0], _shares(other), [1.0]])
    edges, others = np.array(one.column.edges), np.array(other.column.edges)
    low = theirs[np.searchsorted(others, edges, side="right")]
    high = theirs[np.searchsorted(others, edges, side="left") + 1]
    return float(np.maximum(mine - high, low - mine).max(initial=0.0))


def _shares(found: Predictions) -> "Floats":
    """Return the share of the predictions up to each edge."""
    numbers = found.cells[:-1]
    return np.asarray(np.cumsum(numbers)[:-1] / max(1, int(numbers.sum())))


def _by_class(stable: Predictions, canary: Predictions) -> float:
    """Return the largest difference of the shares of a class that both know."""
    shares = [
        dict(zip(each.column.categories, each.cells / max(1, int(each.cells.sum())), strict=False))
        for each in (stable, canary)
    ]
    known = shares[0].keys() & shares[1].keys()
    return max((abs(float(shares[0][name] - shares[1][name])) for name in known), default=0.0)
