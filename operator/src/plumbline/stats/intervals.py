"""An estimate with its confidence interval, and whether that may be believed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its confidence bounds, from n rows in `groups` groups.

    Attributes:
        confidence: two-sided confidence of the bounds.
        weak: why a bound is infinite, such as that three rows decide it; empty otherwise.
    """

    value: float
    low: float
    high: float
    n: int
    groups: int
    confidence: float = 0.95
    weak: str = ""
