"""Counts by second add up over pods, in any order, and give the windows that are judged."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plumbline.contract.control import Span
from plumbline.live.windows import KEPT, BucketedCounts
from plumbline.stats.bins import Counts
from plumbline.stats.reference import number_bins
from plumbline.stats.windows import LONGEST, windows

from tests.unit.live.wire import span

BINS = number_bins("x", np.random.default_rng(0).normal(size=2000))
assert BINS
REFERENCE = [BINS.to_json()]
SIZE = BucketedCounts(REFERENCE).layout.size
T = 1_000_000
Come = tuple[int, int, int]
# Second, cell and rows; many in a few seconds, some long ago.
COMES = st.lists(
    st.tuples(
        st.integers(0, 20) | st.sampled_from([40, 100, 4000, 4096, 4200]),
        st.integers(0, SIZE - 1),
        st.integers(0, 2**31),
    ),
    min_size=1,
    max_size=30,
)


def of(come: Come) -> Span:
    second, cell, rows = come
    return span(T + second, rows, np.eye(SIZE, dtype=np.int64)[cell] * rows)


def dense(comes: list[Come], through: int, *, after: int = -1) -> Counts:
    """Return the counts of each second that is judged, oldest first."""
    known = [second for second, _, _ in comes if after < second <= through]
    first = max(min(known, default=through), through - LONGEST + 1)
    found = np.zeros((through - first + 1, SIZE), dtype=np.int64)
    for second, cell, rows in comes:
        if max(first, after + 1) <= second <= through:
            found[second - first, cell] += rows
    return found


@given(COMES, st.integers(1, 7), st.integers(0, 4300), st.integers(0, 4300))
@example([(0, 1, 2**31), (1, 1, 2**31 - 1)], 1, 1, 0)
@settings(max_examples=300, deadline=None)
def test_windows_are_the_sums_of_their_seconds_in_whatever_order_they_came(
    comes: list[Come], page: int, through: int, until: int
) -> None:
    counts = BucketedCounts(REFERENCE)
    for start in range(0, len(comes), page):
        assert counts.add([of(come) for come in comes[start : start + page]]) == 0
    found = counts.evidence(T + through, since={"x": T + until, "other": T})
    expected = windows(dense(comes, through))
    assert found.windows.seconds == expected.seconds
    assert (found.windows.sums == expected.sums % 2**32).all()
    assert found.rows == expected.sums[-1].sum() % 2**32
    assert found.counts_since.keys() == {"x"}
    if until < through:
        cells = counts.layout.slices["x"]
        since = dense(comes, through, after=until).sum(axis=0)[cells]
        assert (found.counts_since["x"] == since % 2**32).all()


@given(COMES, st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_rows_that_are_kept_by_minute_stay_in_the_longest_window(
    comes: list[Come], after: int
) -> None:
    counts = BucketedCounts(REFERENCE)
    counts.add([of(come) for come in comes])
    late = counts.add([of(comes[0])], after=T + after)
    assert late == (0 if comes[0][0] > after else comes[0][2])
    expected = windows(dense([*comes, *([] if late else comes[:1])], 4200))
    found = counts.evidence(T + 4200, since={}).windows
    assert (found.sums[-1] == expected.sums[-1] % 2**32).all()


def test_months_of_seconds_take_no_more_room_than_those_that_are_kept() -> None:
    counts = BucketedCounts(REFERENCE)
    for second in range(3 * KEPT):
        counts.add([of((second, 1, 1))], after=T + second - KEPT)
    assert counts.rows(T + 3 * KEPT - 1, KEPT) == KEPT
    assert len(counts._sums) < 1.5 * KEPT
    assert len(counts._seconds) <= 1.1 * KEPT


def test_a_pod_whose_clock_runs_far_ahead_fills_no_memory() -> None:
    counts = BucketedCounts(REFERENCE)
    counts.add([of((0, 1, 1))])
    assert counts.add([of((second, 1, 1)) for second in range(0, 10**6, 1000)]) > 900
    assert len(counts._seconds) < 10


def test_a_longer_span_of_older_rows_counts_at_its_last_second() -> None:
    counts = BucketedCounts(REFERENCE)
    hour = Span(start=T, length=3600, rows=9, cells=[0], counts=[9], violations={})
    assert counts.add([hour], after=-KEPT) == 0
    assert counts.rows(T + 3599, 1) == 9
    found = counts.evidence(T + 8000, since={}).windows
    assert found.sums[-1].sum() == 9
    assert found.sums[-2].sum() == 0 or found.seconds[-2] > 4400


def test_a_month_of_minutes_is_no_more_than_the_longest_window() -> None:
    counts = BucketedCounts(REFERENCE)
    for minute in range(3000):
        second = minute * 60
        counts.add([of((second, 1, 1))], after=T + second - KEPT)
    assert counts.rows(T + second, LONGEST) == len(counts._seconds) == LONGEST // 60 + 1


def test_rows_are_news_only_up_to_the_second_that_is_judged() -> None:
    counts = BucketedCounts(REFERENCE)
    counts.add([of((5, 1, 3))])
    before = counts.row_sum(T + 5)
    counts.add([of((6, 1, 3))])
    assert counts.row_sum(T + 5) == before
    assert counts.row_sum(T + 6) != before
    counts.add([of((4, 1, 3))])
    assert counts.row_sum(T + 5) != before


def test_rules_are_broken_by_the_rows_of_the_last_minute() -> None:
    counts = BucketedCounts(REFERENCE)
    counts.add([span(T, 5, x_Min=2), span(T + 1, 5, x_Min=1, x_Max=4)])
    counts.add([span(T + 1, 5, x_Min=1)])
    assert counts.evidence(T + 1, since={}).violations == {("x", "Min"): 4, ("x", "Max"): 4}
    assert counts.evidence(T + 64, since={}).violations == {("x", "Min"): 2, ("x", "Max"): 4}
    assert counts.evidence(T + 65, since={}).violations == {}
