"""The tail of a chi-square statistic of rows that are alike, far out and without scipy.

The chi-square of independent rows is a sum of `df` squared normal variables of weight one. Where
rows come in like blocks or drift about, the sum has weights: much in the few directions in which
neighbours agree, little in the others (Rao and Scott, 1981). Its far tail is that of the largest
weight. Mean and variance are known, so the sum is taken for the one of that mean and variance with
the largest weight possible: one weight for itself, and one for all others.

The tail is the saddlepoint approximation of Lugannani and Rice (1980) in the form of
Barndorff-Nielsen (r*), within a tenth of the probability wherever it was compared.
"""

import math

NEAR, FAR = 1e-4, 30.0


def log_survival(x: float, df: int, share: float = 1.0) -> float:
    """Return the natural logarithm of P(X >= x) for a sum X of `df` weighted squares, of mean `df`.

    Args:
        x: what was found.
        df: number of squares.
        share: the chi-square's variance over that of X; one is the chi-square itself, and 1 / df
            is a single square that holds all weight.

    Raises:
        ValueError: df is not positive, or x is not a number.
    """
    if df < 1 or math.isnan(x):
        raise ValueError(f"a weighted chi-square needs df > 0 and a number, got df={df}, x={x}")
    if x <= 0 or math.isinf(x):
        return 0.0 if x <= 0 else -math.inf
    if abs(x - df) < NEAR * df:  # where both w and u vanish
        x = df * (1 + NEAR)
    return _log_normal_tail(_r_star(x, df - 1, *weights(df, share)))


def weights(df: int, share: float) -> tuple[float, float]:
    """Return the largest weight, and that of each other square; their mean is one."""
    if df == 1 or share >= 1:
        return 1.0, 1.0
    spread = min(1 / share - 1, df - 1)
    return 1 + math.sqrt(spread * (df - 1)), 1 - math.sqrt(spread / (df - 1))


def _r_star(x: float, others: int, top: float, rest: float) -> float:
    """Return the standard normal value that is exceeded as seldom as x."""
    t = _saddlepoint(x, others, top, rest)
    first, second = 1 - 2 * t * top, 1 - 2 * t * rest
    cumulant = -0.5 * (math.log(first) + others * math.log(second))
    curvature = 2 * ((top / first) ** 2 + others * (rest / second) ** 2)
    w = math.copysign(math.sqrt(2 * (t * x - cumulant)), t)
    u = t * math.sqrt(curvature)
    return w + math.log(u / w) / w


def _saddlepoint(x: float, others: int, top: float, rest: float) -> float:
    """Return where the cumulant generating function has the slope x: the root nearer to zero."""
    a = 4 * top * rest * x
    b = 2 * top * rest * (1 + others) - 2 * x * (top + rest)
    c = x - top - others * rest
    return 2 * c / (math.sqrt(b * b - 4 * a * c) - b)


def _log_normal_tail(z: float) -> float:
    if z < FAR:
        return math.log(0.5 * math.erfc(z / math.sqrt(2)))
    return -z * z / 2 - math.log(z * math.sqrt(2 * math.pi))
