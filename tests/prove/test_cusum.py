"""A CUSUM that tolerates what windows tolerate finds no drift that they miss, nor much sooner."""

from collections.abc import Callable

import numpy as np
import pytest
from plumbline.stats import drift
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.reference import number_bins
from plumbline.stats.windows import SCALES, Windows

from tests.prove import cusum, streams

REFERENCE, TRIALS, TOLERATE, HOUR = 100_000, 9, 0.1, 3600
Shift = Callable[[np.ndarray], np.ndarray]
pytestmark = pytest.mark.prove


def step(size: float) -> Shift:
    return lambda second: np.full(len(second), size)


def ramp(size: float, hours: float) -> Shift:
    return lambda second: size * np.minimum(1, second / (hours * HOUR))


def live(rng: np.random.Generator, bins: ColumnBins, shift: Shift, seconds: int) -> Counts:
    second = np.repeat(np.arange(seconds), streams.RATE)
    cells = np.searchsorted(bins.edges, rng.normal(size=len(second)) + shift(second))
    flat = np.bincount(second * bins.size + cells, minlength=seconds * bins.size)
    return flat.reshape(seconds, bins.size)


def windows(bins: ColumnBins, counts: Counts) -> int | None:
    """Return the second at which a window alarms; after some minutes not every one is looked at."""
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=cusum.COLUMNS)
    layout = Layout([bins])
    sums = np.vstack([np.zeros((1, bins.size), np.int64), counts.cumsum(axis=0)])
    for end in [*range(2, 300), *range(300, len(counts) + 1, 20)]:
        lengths = tuple(scale for scale in SCALES[1:] if scale <= end)
        came = Windows(lengths, sums[end] - sums[[end - length for length in lengths]])
        if any(s.alarm for s in drift.score(layout, came, log_alpha=alpha, tolerate=TOLERATE)):
            return end
    return None


@pytest.mark.parametrize(
    ("name", "shift", "seconds"),
    [
        ("a step of 0.15", step(0.15), HOUR),
        ("a step of 0.35", step(0.35), HOUR),
        ("a step of 0.5", step(0.5), HOUR),
        ("0.15 over two hours", ramp(0.15, 2), 2 * HOUR),
        ("0.35 over two hours", ramp(0.35, 2), 2 * HOUR),
        ("0.5 over four hours", ramp(0.5, 4), 4 * HOUR),
    ],
)
def test_windows_miss_no_slow_drift_that_a_cusum_would_find(
    name: str, shift: Shift, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng([53, seconds, len(name)])
    found = []
    for _ in range(TRIALS):
        bins = number_bins("x", rng.normal(size=REFERENCE))
        assert bins is not None
        counts = live(rng, bins, shift, seconds)
        both = windows(bins, counts), cusum.seconds_to_alarm(bins, counts, TOLERATE)
        found.append([np.inf if each is None else each for each in both])
    ours, other = np.median(found, axis=0)
    with capsys.disabled():
        print(f"\n{name}: windows {ours:.0f} s, CUSUM {other:.0f} s (medians of {TRIALS})")
    assert ours <= 1.25 * other + 10
