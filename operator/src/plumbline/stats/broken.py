"""Broken data: live rows that cannot be true, rather than a world that has moved.

A rule of the declared schema is broken when more rows violate it than stray rows explain; missing
values jump when their share is far above that of any window of the reference.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.stats.bins import ColumnBins

STRAY_SHARE, MIN_VIOLATIONS = 0.001, 3
JUMP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that live rows break: `rows` of `of` rows in the window."""

    column: str
    rule: str
    rows: int
    of: int


def violations(
    counts: Mapping[tuple[str, str], int], *, rows: int, log_alpha: float
) -> list[Broken]:
    """Return the rules that more rows break than strays explain.

    Args:
        counts: rows in the window that break a rule, by column and rule.
        rows: rows in the window.
        log_alpha: natural logarithm of the tail that one look may have.
    """
    return [
        Broken(column=column, rule=rule, rows=found, of=rows)
        for (column, rule), found in sorted(counts.items())
        if found >= MIN_VIOLATIONS and log_binomial_tail(found, rows, STRAY_SHARE) < log_alpha
    ]


def null_jump(bins: ColumnBins, *, nulls: int, rows: int, log_alpha: float) -> Broken | None:
    """Return the jump of missing values, if there is one."""
    spike = _spike(bins, rows)
    expected = min(1.0, spike + JUMP)
    if (
        nulls / rows > expected
        and log_binomial_tail(nulls, rows, max(spike, STRAY_SHARE)) < log_alpha
    ):
        return Broken(column=bins.name, rule="NullJump", rows=nulls, of=rows)
    return None


def _spike(bins: ColumnBins, rows: int) -> float:
    """Return the largest share of missing values in the reference's windows up to this size."""
    fitting = [share for size, share in bins.null_spike if size <= rows]
    return fitting[-1] if fitting else max((s for _, s in bins.null_spike), default=0.0)


def log_binomial_tail(found: int, rows: int, share: float) -> float:
    """Return Chernoff's upper bound of log P(X >= found) for a binomial X; 0 below its mean."""
    observed = found / rows
    if observed <= share:
        return 0.0
    if observed >= 1:
        return rows * math.log(share)
    divergence = observed * math.log(observed / share)
    divergence += (1 - observed) * math.log((1 - observed) / (1 - share))
    return -rows * divergence
