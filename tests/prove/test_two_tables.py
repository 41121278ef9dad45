"""The level of `plumbline drift` on tables without drift, and its power on tables with drift.

`python -m tests.prove.test_two_tables` prints the table of docs/error-rates.md.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from plumbline.cli.comparison import Settings, compare
from plumbline.cli.tables import Table, typed_table

LEVEL, COLUMNS, RUNS, SEED = 0.01, 6, 200, 11
SIZES = ((300, 300), (1000, 1000), (5000, 5000), (5000, 500))
Values = NDArray[Any]
Maker = Callable[[np.random.Generator, int], Values]


def like_the_last(strength: float) -> Maker:
    def made(random: np.random.Generator, rows: int) -> Values:
        noise = random.standard_normal(rows) * math.sqrt(1 - strength**2)
        found = np.empty(rows)
        found[0] = random.standard_normal()
        for place in range(1, rows):
            found[place] = strength * found[place - 1] + noise[place]
        return found

    return made


def in_blocks(random: np.random.Generator, rows: int) -> Values:
    return np.repeat(random.standard_normal(rows // 50 + 1), 50)[:rows]


def mostly_zero(random: np.random.Generator, rows: int) -> Values:
    return np.where(random.random(rows) < 0.9, 0, random.exponential(1, rows))


def with_gaps(random: np.random.Generator, rows: int) -> Values:
    found = random.standard_normal(rows)
    found[random.random(rows) < 0.05] = np.nan
    return found


KINDS: dict[str, Maker] = {
    "normal": lambda random, rows: random.standard_normal(rows),
    "lognormal, sigma 2": lambda random, rows: random.lognormal(0, 2, rows),
    "90 % zero": mostly_zero,
    "5 % missing": with_gaps,
    "300 even categories": lambda random, rows: random.integers(0, 300, rows).astype(str),
    "zipf categories": lambda random, rows: np.minimum(random.zipf(1.5, rows), 10**6).astype(str),
    "AR(.9)": like_the_last(0.9),
    "AR(.99)": like_the_last(0.99),
    "blocks of 50": in_blocks,
}


def table(kind: str, random: np.random.Generator, rows: int, shift: float = 0.0) -> Table:
    columns = {f"x{n}": KINDS[kind](random, rows) for n in range(COLUMNS)}
    if shift:
        columns["x0"] = columns["x0"] + shift
    return typed_table(pl.DataFrame(columns), kind, {})


def called_drifted(
    kind: str, sizes: tuple[int, int], *, runs: int, tolerate: float, shift: float = 0.0
) -> int:
    """Return in how many runs any column is called drifted."""
    random, settings, found = (
        np.random.default_rng(SEED),
        Settings(level=LEVEL, tolerate=tolerate),
        0,
    )
    for _ in range(runs):
        then = table(kind, random, sizes[0])
        now = table(kind, random, sizes[1], shift)
        found += bool(compare(then, now, settings, look=False).drifted)
    return found


def most(runs: int) -> int:
    """Return the 99.9 % bound of a binomial number of false alarms at the level."""
    total, place = 0.0, -1
    while total < 0.999:
        place += 1
        total += math.comb(runs, place) * LEVEL**place * (1 - LEVEL) ** (runs - place)
    return place


@pytest.mark.prove
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_tables_without_drift_are_seldom_called_drifted(kind: str, sizes: tuple[int, int]) -> None:
    assert called_drifted(kind, sizes, runs=RUNS, tolerate=0) <= most(RUNS)


@pytest.mark.prove
def test_half_a_standard_deviation_is_found_in_independent_rows() -> None:
    found = called_drifted("normal", (5000, 500), runs=50, tolerate=0.05, shift=0.5)
    assert found >= 40


def main() -> None:
    print(f"| rows are | {' | '.join(f'{m:,} and {n:,}' for m, n in SIZES)} |")
    print(f"|---|{'---|' * len(SIZES)}")
    for kind in KINDS:
        shares = (called_drifted(kind, s, runs=RUNS, tolerate=0) / RUNS for s in SIZES)
        print(f"| {kind} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |", flush=True)
    for shift, tolerate in ((0.25, 0.02), (0.5, 0.05), (0.5, 0.1), (1.0, 0.1)):
        shares = (
            called_drifted("normal", s, runs=50, tolerate=tolerate, shift=shift) / 50 for s in SIZES
        )
        numbers = " | ".join(f"{100 * share:.0f} %" for share in shares)
        print(f"| normal, one column + {shift} sd, tolerate {tolerate} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
