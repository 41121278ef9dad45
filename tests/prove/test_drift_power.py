"""How soon half a standard deviation in one of thirty columns is found, over many seeds."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from plumbline.stats import drift, hysteresis
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.windows import SCALES, windows

from tests.prove import streams

COLUMNS, REFERENCE, BEFORE, AFTER = 30, 100_000, 64, 40
REFERENCES, LIVES = 8, 15
ROWS_A_FALSE_ALARM = 1_000_000
Way = Callable[[Layout, Counts, int], int]
pytestmark = pytest.mark.prove


def single(layout: Layout, counts: Counts, first: int) -> int:
    """Return the seconds until a look alarms, at one false alarm in a million rows."""
    looks = ROWS_A_FALSE_ALARM / streams.RATE
    alpha = -math.log(looks * COLUMNS * len(SCALES))
    for end in range(first + 1, len(counts) + 1):
        if any(
            s.alarm
            for s in drift.score(layout, windows(counts[:end]), log_alpha=alpha, tolerate=0.1)
        ):
            return end - first
    return AFTER + 1


def usual(layout: Layout, counts: Counts, first: int) -> int:
    """Return the seconds until the alarm stands, at the default sensitivity."""
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=COLUMNS)
    state = hysteresis.Alarm()
    for end in range(first + 1, len(counts) + 1):
        scores = drift.score(layout, windows(counts[:end]), log_alpha=alpha, tolerate=0.1)
        state = hysteresis.advance(state, alarmed=any(score.alarm for score in scores))
        if state.is_on:
            return end - first
    return AFTER + 1


def delays(way: Way, capsys: pytest.CaptureFixture[str]) -> np.ndarray:
    """Return the rows from the shift to the alarm, on several references, and print them."""
    found = []
    for seed in range(REFERENCES):
        rng = np.random.default_rng([51, seed])
        known = streams.columns(streams.independent, rng, REFERENCE, COLUMNS)
        layout = streams.layout_of(known)
        found += [way(layout, shifted(layout, rng), BEFORE) for _ in range(LIVES)]
    rows = np.array(found) * streams.RATE
    low, middle, high = np.percentile(rows, [10, 50, 90])
    with capsys.disabled():
        print(
            f"\n{way.__name__}: median {middle:.0f} rows, 80 % in {low:.0f} to {high:.0f}", end=""
        )
        print(f" ({len(rows)} trials, {REFERENCES} references)")
    return rows


def shifted(layout: Layout, rng: np.random.Generator) -> Counts:
    """Return live seconds: like the reference, and then one column is half a deviation off."""
    live = streams.columns(streams.independent, rng, (BEFORE + AFTER) * streams.RATE, COLUMNS)
    live["c7"][BEFORE * streams.RATE :] += 0.5
    return streams.seconds(layout, live)


def test_one_look_at_one_false_alarm_in_a_million_rows_needs_at_most_250_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert np.median(delays(single, capsys)) <= 250


def test_the_default_sensitivity_needs_at_most_400_rows_and_ten_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = delays(usual, capsys)
    assert np.median(rows) <= 400
    assert np.median(rows) / streams.RATE <= 10
