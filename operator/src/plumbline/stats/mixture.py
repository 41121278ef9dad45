"""The far tail of the chi-square statistic of dependent rows, without scipy.

The chi-square of independent rows is a sum of `df` squared normal variables with weight 1. If
neighbouring rows are similar, the weights differ: large in the few directions in which neighbours
agree, small in the others (Rao and Scott, 1981). The largest weight determines the far tail. Only
mean and variance are known, so the sum with this mean and variance and the largest possible weight
is used: one square has the largest weight, and all others share a second one.

The tail is the saddlepoint approximation of Lugannani and Rice (1980) in the form of
Barndorff-Nielsen (r*). In all comparisons it was within a tenth of the probability.

Two cases need more than that sum. If the overdispersion is only estimated, the statistic is a ratio
of two such sums, as in an F test; its tail is that of their difference (Lieberman, 1994). If a
difference is tolerated, the squares have a mean: the chi-square is not central. Which squares have
it is unknown, so the one with the largest weight has it all.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

NEAR, FAR = 1e-4, 30.0
# Below this, the saddlepoint is lost in rounding errors, and the probability is 1.
NOTHING = 1e-12
BISECTIONS, AT_ZERO = 48, 1e-7
Floats = NDArray[np.float64]


def log_survival(x: ArrayLike, df: ArrayLike, evenness: ArrayLike = 1.0) -> Floats:
    """Return the natural logarithm of P(X >= x) for a sum X of `df` weighted squares, mean `df`.

    Args:
        x: value of the statistic; a number or an array, like the others.
        df: number of squares.
        evenness: variance of the chi-square over that of X: 1 for the chi-square itself, and 1 / df
            for a single square with all weight.

    Raises:
        ValueError: df is not positive, or x is not a number.
    """
    x, df, evenness = np.broadcast_arrays(
        np.asarray(x, dtype=float), np.asarray(df, dtype=float), np.asarray(evenness, dtype=float)
    )
    if (odd := (df < 1) | np.isnan(x)).any():
        raise ValueError(
            "a weighted chi-square needs df > 0 and a number, "
            f"got df={df[odd][0]:g}, x={x[odd][0]:g}"
        )
    usual = (x > NOTHING) & np.isfinite(x)
    found = np.where(x <= NOTHING, 0.0, -np.inf)
    found[usual] = _log_tail(x[usual], df[usual], evenness[usual])
    return found


def log_tail(
    x: Floats, df: Floats, evenness: Floats, *, shift: Floats, precision: Floats
) -> Floats:
    """Return log P(X >= x V): X a sum of `df` weighted squares, V the estimate of its scale.

    Args:
        x: value of the statistic, positive.
        df: number of squares.
        evenness: see `log_survival`.
        shift: what the tolerated difference adds to the mean of X.
        precision: degrees of freedom of V, a chi-square over its degrees of freedom.
    """
    top, rest = weights(df, evenness)
    noise, others = x / precision, df - 1
    t = _ratio_saddlepoint(x, others, top, rest, shift, noise)
    first, second, third = 1 - 2 * t * top, 1 - 2 * t * rest, 1 + 2 * t * noise
    cumulant = shift * t / first - 0.5 * (np.log(first) + others * np.log(second))
    cumulant -= 0.5 * precision * np.log(third)
    curvature = 2 * (top / first) ** 2 + 4 * top * shift / first**3
    curvature += 2 * others * (rest / second) ** 2 + 2 * noise * x / third**2
    w = np.copysign(np.sqrt(np.maximum(-2 * cumulant, NOTHING)), t)
    return _log_normal_tail(w + np.log(t * np.sqrt(curvature) / w) / w)


def _ratio_saddlepoint(
    x: Floats, others: Floats, top: Floats, rest: Floats, shift: Floats, noise: Floats
) -> Floats:
    """Return where the cumulant generating function of X - x V is smallest, by bisection."""
    low, high = -0.5 / noise, 0.5 / top
    t = np.zeros_like(low)
    for _ in range(BISECTIONS):
        first = 1 - 2 * t * top
        slope = top / first + shift / first**2 + others * rest / (1 - 2 * t * rest)
        above = slope > x / (1 + 2 * t * noise)
        low, high = np.where(above, low, t), np.where(above, t, high)
        t = (low + high) / 2
    # At zero both w and u are zero.
    return np.where(np.abs(t) < AT_ZERO, np.copysign(AT_ZERO, t), t)


def _log_tail(x: Floats, df: Floats, evenness: Floats) -> Floats:
    near = np.abs(x - df) < NEAR * df  # both w and u are zero at x = df
    top, rest = weights(df, evenness)
    return _log_normal_tail(_r_star(np.where(near, df * (1 + NEAR), x), df - 1, top, rest))


def weights(df: ArrayLike, evenness: ArrayLike) -> tuple[Floats, Floats]:
    """Return the largest weight, and that of each other square; their mean is 1."""
    others = np.asarray(df, dtype=float) - 1
    spread = np.clip(1 / np.asarray(evenness, dtype=float) - 1, 0, others)
    return 1 + np.sqrt(spread * others), 1 - np.sqrt(spread / np.maximum(others, 1))


def _r_star(x: Floats, others: Floats, top: Floats, rest: Floats) -> Floats:
    """Return the standard normal value with the same tail probability as x."""
    t = _saddlepoint(x, others, top, rest)
    first, second = 1 - 2 * t * top, 1 - 2 * t * rest
    cumulant = -0.5 * (np.log(first) + others * np.log(second))
    curvature = 2 * ((top / first) ** 2 + others * (rest / second) ** 2)
    w = np.copysign(np.sqrt(2 * (t * x - cumulant)), t)
    u = t * np.sqrt(curvature)
    return np.asarray(w + np.log(u / w) / w)


def _saddlepoint(x: Floats, others: Floats, top: Floats, rest: Floats) -> Floats:
    """Return where the cumulant generating function has the slope x: the root closer to zero."""
    a = 4 * top * rest * x
    b = 2 * top * rest * (1 + others) - 2 * x * (top + rest)
    c = x - top - others * rest
    return np.asarray(2 * c / (np.sqrt(b * b - 4 * a * c) - b))


def _log_normal_tail(z: Floats) -> Floats:
    near = [0.5 * math.erfc(each / math.sqrt(2)) for each in np.minimum(z, FAR).tolist()]
    far = np.maximum(z, FAR)
    log_far = -far * far / 2 - np.log(far * math.sqrt(2 * math.pi))
    return np.where(z < FAR, np.log(near), log_far)
