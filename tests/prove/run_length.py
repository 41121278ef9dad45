"""How many episodes chance opens per evaluation, which sets `drift.OPENINGS`.

Windows overlap, so evaluations are far from independent. The chance that any window exceeds a limit
is the sum over windows of the chance that one does, times the mean of 1 / N, where N counts the
windows that exceed it together with that one (Naiman and Priebe, 2001; Adler, Blanchet and Liu,
2012). So no rare event has to be waited for: one window is made to exceed, the rest follows.

`python -m tests.prove.run_length` prints the table.
"""

import math
from functools import cache

import numpy as np
from plumbline.stats.windows import SCALES

SEED, NEARBY = 54, 4


def quantile(alpha: float, df: int, rng: np.random.Generator) -> float:
    """Return a chi-square that exceeds its 1 - alpha quantile: 2 (gamma) above a limit."""
    limit = limit_of(alpha, df)
    while True:
        # The tail falls faster than exponentially with half the rate at the limit.
        rate = 0.5 - (df / 2 - 1) / limit
        found = limit + rng.exponential(1 / rate)
        log_ratio = (df / 2 - 1) * math.log(found / limit) - (0.5 - rate) * (found - limit)
        if math.log(1 - rng.random()) < log_ratio:
            return found


@cache
def limit_of(alpha: float, df: int) -> float:
    """Return the 1 - alpha quantile of chi-square with an even number of degrees of freedom."""
    low, high = 0.0, 1e3
    for _ in range(80):
        middle = (low + high) / 2
        terms = [(middle / 2) ** n / math.factorial(n) for n in range(df // 2)]
        above = math.log(sum(terms)) - middle / 2 > math.log(alpha)
        low, high = (middle, high) if above else (low, middle)
    return high


def openings(shortest: int, *, df: int, alpha: float, trials: int) -> float:
    """Return the episodes that open per evaluation, over alpha."""
    rng = np.random.default_rng([SEED, shortest, df])
    lengths = [each for each in SCALES if shortest <= each <= 16 * shortest]
    return sum(
        float(np.mean([_share(length, lengths, df, alpha, rng) for _ in range(trials)]))
        for length in lengths
    )


def _share(
    length: int, lengths: list[int], df: int, alpha: float, rng: np.random.Generator
) -> float:
    """Return 1 / N if the windows that exceed open an episode, for one window that exceeds."""
    before = 8 * length + 64
    rows = rng.normal(size=(2 * before + length, df))
    inside = rows[before : before + length]
    direction = rng.normal(size=df)
    direction *= math.sqrt(quantile(alpha, df, rng) / length) / np.linalg.norm(direction)
    inside += direction - inside.mean(axis=0)
    sums = np.vstack([np.zeros(df), rows.cumsum(axis=0)])
    exceeding, number = np.zeros(len(sums), dtype=bool), 0
    for each in (n for n in lengths if length / NEARBY <= n <= NEARBY * length):
        found = ((sums[each:] - sums[:-each]) ** 2).sum(axis=1) / each >= limit_of(alpha, df) * (
            1 - 1e-12
        )
        exceeding[each:] |= found
        number += int(found.sum())
    return float((exceeding[1:] & exceeding[:-1]).any()) / number


if __name__ == "__main__":
    for df in (2, 10, 30):
        for shortest in (1, 2, 4, 16, 64):
            found = openings(shortest, df=df, alpha=1e-8, trials=100)
            print(f"df {df}, shortest window {shortest} s: {found:.2f} alpha an evaluation")
