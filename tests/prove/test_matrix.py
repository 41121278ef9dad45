"""Stated and seen: rows without drift beside references of all kinds, and rows with a shift.

The scan is the live code at the seconds that may alarm. Some cells are ordinary tests; all of them,
for many seeds, are `prove` tests, which print a table.
"""

import math

import numpy as np
import pytest

from tests.prove.matrix import REFERENCES, ROWS, Case, seconds
from tests.prove.scan import Scan

SEEDS = 8
LONG = pytest.mark.prove
FEW = [("iid", "sampled"), ("AR(.9)", "shuffled")]
ALL = [(rows, reference) for rows in ROWS for reference in REFERENCES]


def most(mean: float, chance: float = 0.01) -> int:
    """Return the number that a Poisson variable exceeds with less than this chance."""
    below, number, weight = math.exp(-mean), 0, math.exp(-mean)
    while 1 - below > chance:
        number += 1
        weight *= mean / number
        below += weight
    return number


@pytest.mark.parametrize(
    ("rows", "reference", "seeds"),
    [
        *((*each, 1) for each in FEW),
        *(pytest.param(*each, SEEDS, marks=LONG) for each in ALL),
    ],
)
def test_rows_without_drift_open_no_more_episodes_than_stated(
    rows: str, reference: str, seeds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case(rows=rows, reference=reference, seconds=300 if seeds == 1 else 1500)
    seen = [case.run(seed)[0] for seed in range(seeds)]
    with capsys.disabled():
        if seeds > 1:
            print(f"\n{rows}, {reference}: stated {case.stated * seeds:.3f}, seen {sum(seen)}")
    assert sum(seen) <= most(case.stated * seeds)


@pytest.mark.parametrize(
    ("shift", "tolerate", "bar", "seeds"),
    [
        (0.5, 0.05, 400, 1),
        pytest.param(0.5, 0.05, 300, 24, marks=LONG),
        pytest.param(0.5, 0.1, 450, 24, marks=LONG),
        pytest.param(0.25, 0.02, 1500, 24, marks=LONG),
        pytest.param(1.0, 0.1, 150, 24, marks=LONG),
    ],
)
def test_a_shift_is_found_within_so_many_rows(
    shift: float, tolerate: float, bar: int, seeds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case(
        rows="iid", reference="ordered", size=100_000, tolerate=tolerate, shift=shift, seconds=660
    )
    found = [case.run(seed) for seed in range(seeds)]
    median = float(np.median([rows for _, rows in found]))
    with capsys.disabled():
        if seeds > 1:
            print(f"\n{shift} sd, tolerate {tolerate}: median {median:.0f} rows in {seeds} streams")
    assert median <= bar
    assert not any(false for false, _ in found)


@pytest.mark.parametrize(
    ("shift", "seeds"),
    [(0.25, 1), *(pytest.param(each, SEEDS, marks=LONG) for each in (0.2, 0.26))],
)
def test_a_difference_that_is_tolerated_opens_no_episode(shift: float, seeds: int) -> None:
    """Seven tenths of the tolerated index of 0.1 are 0.265 standard deviations."""
    case = Case(
        rows="iid",
        reference="ordered",
        shift=shift,
        before=0,
        seconds=300 if seeds == 1 else 1800,
    )
    assert [case.run(seed)[1] for seed in range(seeds)] == [np.inf] * seeds


@pytest.mark.parametrize("rows", ["iid", "blocks of 50"])
def test_the_scan_finds_what_the_live_code_finds_at_every_second(rows: str) -> None:
    rng = np.random.default_rng(56)
    case = Case(rows=rows, reference="shuffled", size=4000)
    layout = case.layout(rng)
    values = ROWS[rows](rng, 150 * case.rate)
    values[100 * case.rate :] += 0.8
    alpha = math.log(1e-5)
    scan = Scan(layout, seconds(layout, values, case.rate))
    fast = scan.alarms(log_alpha=alpha, tolerate=0.05)
    assert fast == scan.alarms(log_alpha=alpha, tolerate=0.05, fast=False)
    assert fast or rows != "iid"
