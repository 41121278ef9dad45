"""Many windows judged at once give the numbers that each gives alone."""

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plumbline.stats import broken, drift, mixture, stuck
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.count import count
from plumbline.stats.reference import category_bins, number_bins
from plumbline.stats.windows import Windows, windows

from tests.property.stats import one_by_one
from tests.unit.stats import replay

NEAR = pytest.approx
WORDS = np.array([f"w{number}" for number in range(400)], dtype=object)


def numbers(rng: np.random.Generator, kind: int, rows: int) -> np.ndarray:
    """Return independent, heavy, alike, rare or missing numbers."""
    values = [
        rng.normal(size=rows),
        rng.standard_t(2, size=rows),
        np.repeat(rng.normal(size=rows // 40 + 1), 40)[:rows],
        np.where(rng.random(rows) < 0.05, rng.exponential(size=rows), 0.0),
        np.where(rng.random(rows) < 0.1, np.nan, rng.random(rows)),
        np.zeros(rows),
    ]
    return values[kind % len(values)]


def words(rng: np.random.Generator, kind: int, rows: int) -> np.ndarray:
    """Return a few words, many of them, or new ones."""
    return WORDS[rng.integers((2, 7, 60, 400)[kind % 4], size=rows)]


@cache
def layout_of(seed: int) -> Layout:
    rng, rows = np.random.default_rng(seed), (80, 400, 3000, 20_000)[seed % 4]
    found = [number_bins(f"n{kind}", numbers(rng, kind, rows)) for kind in range(6)]
    found += [category_bins(f"c{kind}", words(rng, kind, rows)) for kind in range(4)]
    return Layout([bins for bins in found if bins is not None])


def live(seed: int, seconds: int, rate: int, shift: float) -> tuple[Layout, Counts]:
    """Return a reference, and the counts of some seconds of rows that may have moved."""
    layout, rng = layout_of(seed % 8), np.random.default_rng([seed, seconds])
    found = []
    for _ in range(seconds):
        batch = {f"n{kind}": numbers(rng, kind, rate) + shift for kind in range(6)}
        batch |= {f"c{kind}": words(rng, kind + int(4 * shift), rate) for kind in range(4)}
        found.append(count(layout, batch))
    return layout, np.array(found)


def agree(layout: Layout, came: Windows, alpha: float) -> None:
    """Compare every statistic of these windows."""
    ours = drift.score(layout, came, log_alpha=alpha, tolerate=0.1)
    theirs = one_by_one.scores(layout, came, log_alpha=alpha, tolerate=0.1)
    assert {one.name for one in ours} == {name for name, _ in theirs}
    large = drift.large(layout.table, came.sums, alpha)
    names = [column.name for column in layout.columns]
    for (name, seconds), other in theirs.items():
        assert not other.alarm or large[came.seconds.index(seconds), names.index(name)]
    for one in ours:
        other = theirs[one.name, one.seconds]
        assert one.rows == other.rows
        assert other.alarm or not one.alarm
        assert one.score == NEAR(other.score, rel=1e-9, abs=1e-9)
        # Where the statistic is its own mean, the tail's formula divides two tiny numbers.
        digits = 1e-9 if other.log10_p < -1 else 1e-6
        assert one.log10_p == NEAR(other.log10_p, rel=digits, abs=digits)
    order = [(not one.alarm, round(one.log10_p, 9)) for one in ours]
    assert order == sorted(order)
    assert stuck.suspicions(layout, came) == one_by_one.suspicions(layout, came)
    jumps = broken.null_jumps(layout, came, log_alpha=alpha)
    assert jumps == one_by_one.null_jumps(layout, came, log_alpha=alpha)


@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 2, 3, 7, 40]),
    st.sampled_from([1, 20, 64, 500]),
    st.sampled_from([0.0, 0.1, 0.5, 3.0, 1e6]),
)
@example(3, 40, 500, 0.0)
@example(0, 40, 500, 0.5)
@settings(max_examples=40, deadline=None)
def test_made_rows(seed: int, seconds: int, rate: int, shift: float) -> None:
    layout, counts = live(seed, seconds, rate, shift)
    agree(layout, windows(counts), drift.log_alpha(false_alarms_per_month=1, columns=10))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_counts_that_no_rows_would_make(data: st.DataObject) -> None:
    layout = layout_of(data.draw(st.integers(0, 7)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    most = data.draw(st.sampled_from([1, 3, 50, 10**6]))
    counts = rng.integers(0, most + 1, size=(5, layout.size))
    counts[:, rng.random(layout.size) < 0.5] = 0
    agree(layout, windows(counts), -8.0)


@pytest.mark.parametrize("month", [2, 7])
def test_real_rows(month: int) -> None:
    layout = replay.taught((1, 2))
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=len(layout.columns))
    for sent, counts in replay.seconds(layout, replay.held_back((month,)).head(6000)):
        if sent % 1500 == 0:
            agree(layout, windows(counts), alpha)


@given(st.floats(1e-3, 1e5), st.integers(1, 60), st.floats(1e-3, 1.5))
def test_tails(x: float, df: int, share: float) -> None:
    ours = mixture.log_survival(np.array([x, x]), df, share)
    assert ours == NEAR(one_by_one.log_survival(x, df, share), rel=1e-9, abs=1e-9)


@given(st.integers(0, 7), st.integers(1, 10**7))
def test_overdispersion_and_evenness(seed: int, rows: int) -> None:
    layout = layout_of(seed)
    columns = np.arange(len(layout.columns))
    every = np.full(len(columns), rows)
    phi = [one_by_one.overdispersion(bins, rows) for bins in layout.columns]
    even = [one_by_one.evenness(bins, rows) for bins in layout.columns]
    assert layout.table.overdispersion(columns, every) == NEAR(phi, rel=1e-12)
    assert layout.table.evenness(columns, every) == NEAR(even, rel=1e-12)
