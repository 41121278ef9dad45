"""Tests and bounds of a share that hold at all evaluations together, however often one looks.

A canary is evaluated again and again, so the p-value of a binomial test would be too small. Both
tests are inverses of a likelihood ratio: a mixture of the shares of the alternative against the
bound of the null hypothesis. The ratio is a supermartingale, so Ville's inequality holds over all
evaluations (Robbins 1970). The shares that a test does not exclude are a confidence sequence
(Howard, Ramdas, McAuliffe and Sekhon 2021, section 3).
"""

import math
from collections.abc import Callable

# The alternative of `chance_below`: fractions of the limit and their weights. Most weight is on a
# half, because the default limit is twice the rate that is allowed. The small fractions are for few
# trials, the large ones for a bound that comes close to the truth with many.
_FRACTIONS = ((1e-9, 0.15), (0.25, 0.1), (0.5, 0.5), (0.7, 0.15), (0.85, 0.05), (0.95, 0.05))
ALTERNATIVE = tuple((fraction, math.log(fraction), weight) for fraction, weight in _FRACTIONS)
# The largest logarithm that is certainly a float.
LARGEST = 700.0
# Halvings until a bound is exact to a part in a million.
HALVINGS = 20


def chance_above(hits: int, trials: int, share: float) -> float:
    """Return the p-value of so many hits if the true share is at most `share`.

    The mixture has all shares above, with a uniform prior. It is not integrated exactly: half of
    the integral over all shares is used, hence the factor 2. Where more hits were seen than
    expected, it is at least that half, so the p-value is never too small.
    """
    if share >= 1 or hits <= share * (trials + 1):
        return 1.0
    if share <= 0:
        return 0.0
    misses = trials - hits
    null = hits * math.log(share) + misses * math.log1p(-share)
    above = math.lgamma(hits + 1) + math.lgamma(misses + 1) - math.lgamma(trials + 2)
    return min(1.0, 2 * (1 - share) * math.exp(null - above))


def chance_below(hits: int, trials: int, share: float) -> float:
    """Return the p-value of so few hits if the true share is at least `share`."""
    if share <= 0 or hits >= share * trials:
        return 1.0
    if share >= 1:
        return 0.0
    misses, ratio = trials - hits, 0.0
    for fraction, log, weight in ALTERNATIVE:
        gain = misses * (math.log1p(-fraction * share) - math.log1p(-share)) + hits * log
        if gain > LARGEST:
            return 0.0
        ratio += weight * math.exp(gain)
    return min(1.0, 1 / ratio) if ratio else 1.0


def upper_share(hits: int, trials: int, alpha: float) -> float:
    """Return the smallest share that is excluded from above; 1 if none is."""
    low = hits / trials if trials else 1.0
    return _bound(low, 1.0, lambda share: chance_below(hits, trials, share) < alpha)


def lower_share(hits: int, trials: int, alpha: float) -> float:
    """Return the largest share that is excluded from below; 0 if none is."""
    high = hits / trials if trials else 0.0
    return _bound(high, 0.0, lambda share: chance_above(hits, trials, share) < alpha)


def _bound(possible: float, excluded: float, excludes: Callable[[float], bool]) -> float:
    """Return where the excluded shares begin, on their side."""
    for _ in range(HALVINGS):
        middle = (possible + excluded) / 2
        possible, excluded = (possible, middle) if excludes(middle) else (middle, excluded)
    return excluded
