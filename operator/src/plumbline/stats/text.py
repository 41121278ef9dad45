"""Numbers as messages show them: few digits, and estimates always with interval and rows."""

# With fewer rows an interval is so wide that no verdict on it means anything.
FEW_ROWS = 10
# JSON has no infinity: this stands for a bound that is not known.
MOST = 1e300
_ROUNDING_ERROR = 1e-9


def number(value: float) -> str:
    """Return a number with three significant digits; rounding errors of a float are 0."""
    if abs(value) < _ROUNDING_ERROR:
        return "0"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def estimate(value: float, low: float, high: float, rows: int, confidence: float = 0.95) -> str:
    """Return an estimate, such as `0.728 (95 % CI 0.671-0.779, 114 rows)`.

    Args:
        value: the estimate.
        low: lower bound of its interval.
        high: upper bound.
        rows: how many rows it is from.
        confidence: two-sided confidence of the interval.
    """
    few = ", too few to decide anything" if rows < FEW_ROWS else ""
    counted = f"{rows} row{'s' * (rows != 1)}{few}"
    return f"{number(value)} ({percent(confidence)} CI {_range(low, high)}, {counted})"


def _range(low: float, high: float) -> str:
    if low <= -MOST or high >= MOST:
        bound = f"at most {number(high)}" if high < MOST else f"at least {number(low)}"
        return bound if low > -MOST or high < MOST else "without bounds"
    # A dash beside a minus sign would be misread.
    return f"{number(low)}{' to ' if low < 0 or high < 0 else '-'}{number(high)}"


def percent(share: float) -> str:
    """Return a share in percent, such as `1 %`."""
    return f"{number(100 * share)} %"
