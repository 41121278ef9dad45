"""Odd columns: alarms without drift, and the rows until a fault is seen.

`python -m pytest -m prove -s tests/prove/test_anybodys_columns.py` prints the table of
docs/error-rates.md.
"""

from collections.abc import Callable

import numpy as np
import pytest
from plumbline.live.observations import Assessment

from tests.unit.live.test_anybodys_columns import RATE, names, seconds, watched

pytestmark = pytest.mark.prove
COLUMNS, BEFORE, SEEDS = 30, 60, 9
Values = np.ndarray
Rows = Callable[[np.random.Generator, int], Values]


def zipf(rng: np.random.Generator, rows: int) -> Values:
    shares = 1 / np.arange(1, 1001)
    return names(1000)[rng.choice(1000, rows, p=shares / shares.sum())]


def even(values: int) -> Rows:
    return lambda rng, rows: names(values)[rng.integers(values, size=rows)]


def zero(share: float) -> Rows:
    return lambda rng, rows: np.where(rng.random(rows) < share, 0.0, rng.exponential(16, rows))


def tenths(rng: np.random.Generator, rows: int) -> Values:
    return rng.integers(10, size=rows) / 10


def few(values: int) -> Rows:
    return lambda rng, rows: rng.integers(values, size=rows) / 7


QUIET: dict[str, tuple[Rows, int]] = {
    "even 100, 300 rows": (even(100), 300),
    "even 300, 1,000 rows": (even(300), 1000),
    "even 3,000, 1,000 rows": (even(3000), 1000),
    "even 3,000, 20,000 rows": (even(3000), 20_000),
    "zipf 1,000, 1,000 rows": (zipf, 1000),
    "zipf 1,000, 20,000 rows": (zipf, 20_000),
    "85 % zero": (zero(0.85), 10_000),
    "95 % zero": (zero(0.95), 10_000),
    "float32 tenths": (tenths, 6000),
    "three values": (few(3), 3000),
    "six values": (few(6), 3000),
}


@pytest.mark.parametrize("name", QUIET)
def test_rows_like_the_reference_raise_no_alarm(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, size = QUIET[name]
    alarms = looks = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng([71, seed, size])
        known = rows(rng, size)
        if name.startswith("float32"):
            known = known.astype(np.float32)
        found = seconds(watched({"x": known}), {"x": rows(rng, 400 * RATE)})
        alarms += any(each.drifted or each.suspects or each.broken for each in found)
        looks += len(found)
    with capsys.disabled():
        print(f"\n| {name} | {alarms} of {SEEDS} runs, {looks} looks |", end="")
    assert alarms == 0


def zeros(values: Values, rng: np.random.Generator) -> Values:
    return np.where(rng.random(len(values)) < 0.2, 0.0, values)


def nulls(share: float) -> Callable[[Values, np.random.Generator], Values]:
    return lambda values, rng: np.where(rng.random(len(values)) < share, np.nan, values)


FAULTS = {
    "20 % zeros": (zeros, 200, lambda each: each.suspects),
    "20 % missing": (nulls(0.2), 150, lambda each: each.broken),
    "10 % missing": (nulls(0.1), 250, lambda each: each.broken),
    "5 % missing": (nulls(0.05), 400, lambda each: each.broken),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_one_of_thirty_columns_is_seen_soon(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fault, bar, seen = FAULTS[name]
    found = [_rows_until(fault, seen, seed) for seed in range(SEEDS)]
    with capsys.disabled():
        print(f"\n| {name} | median {np.median(found):.0f} rows, most {max(found):.0f} |", end="")
    assert np.median(found) <= bar


def _rows_until(
    fault: Callable[[Values, np.random.Generator], Values],
    seen: Callable[[Assessment], object],
    seed: int,
) -> float:
    rng = np.random.default_rng([72, seed])
    mine = watched({f"c{n}": rng.normal(size=20_000) for n in range(COLUMNS)})
    live = {f"c{n}": rng.normal(size=(BEFORE + 20) * RATE) for n in range(COLUMNS)}
    live["c7"][BEFORE * RATE :] = fault(live["c7"][BEFORE * RATE :], rng)
    found = seconds(mine, live)
    assert not any(map(seen, found[:BEFORE]))
    return next((n * RATE for n, each in enumerate(found[BEFORE:], 1) if seen(each)), np.inf)
