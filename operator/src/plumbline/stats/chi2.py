"""The tail of the chi-square distribution, far out and without scipy.

The survival function is the regularised upper incomplete gamma function Q(df / 2, x / 2), by its
power series below the mean and its continued fraction above it (Abramowitz and Stegun 6.5.29 and
6.5.31, the latter evaluated by Lentz's method), both kept as logarithms.
"""

import math

STEPS, SMALL = 1000, 1e-300


def log_survival(x: float, df: float) -> float:
    """Return the natural logarithm of P(X >= x) for a chi-square X with `df` degrees of freedom.

    Raises:
        ValueError: df is not positive or x is not a number.
    """
    if not df > 0 or math.isnan(x):
        raise ValueError(f"chi-square needs df > 0 and a number, got df={df}, x={x}")
    if x <= 0:
        return 0.0
    if math.isinf(x):
        return -math.inf
    a, half = df / 2, x / 2
    scale = a * math.log(half) - half - math.lgamma(a)
    if half < a + 1:
        lower = math.exp(scale + math.log(_series(a, half)))
        return math.log1p(-min(lower, 1 - 1e-16))
    return scale + math.log(_fraction(a, half))


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, STEPS):
        term *= x / (a + n)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / SMALL, 1 / (b or SMALL)
    value = d
    for n in range(1, STEPS):
        factor = -n * (n - a)
        b += 2
        d = 1 / ((factor * d + b) or SMALL)
        c = (b + factor / c) or SMALL
        value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value
