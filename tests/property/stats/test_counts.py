"""Counts add up, however rows are split, in whatever order they come."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from plumbline.stats.bins import Layout
from plumbline.stats.count import count
from plumbline.stats.reference import category_bins, number_bins

RNG = np.random.default_rng(0)
NUMBERS = number_bins("x", RNG.normal(size=5000))
WORDS = category_bins("w", RNG.choice(list("abcdefgh"), 5000))
assert NUMBERS is not None
assert WORDS is not None
LAYOUT = Layout([NUMBERS, WORDS])

rows = st.lists(
    st.tuples(
        st.one_of(st.floats(), st.sampled_from([*NUMBERS.edges, float("nan")])),
        st.one_of(st.none(), st.sampled_from([*"abcz", "long"])),
    ),
    min_size=1,
    max_size=60,
)


def batch(some: list[tuple[float, str | None]]) -> dict[str, list[object]]:
    return {"x": [one for one, _ in some], "w": [other for _, other in some]}


@given(rows, st.integers(0, 60))
def test_the_counts_of_two_parts_add_up_to_the_count_of_the_whole(
    some: list[tuple[float, str | None]], cut: int
) -> None:
    whole = count(LAYOUT, batch(some))
    missing = sum(one != one for one, _ in some)
    assert whole.sum() == 3 * len(some) - missing
    parts = count(LAYOUT, batch(some[:cut])) + count(LAYOUT, batch(some[cut:]))
    assert (whole == parts).all()


@given(st.lists(st.floats(), min_size=1, max_size=40))
def test_many_rows_are_counted_like_few(values: list[float]) -> None:
    values = values * 600
    many = count(LAYOUT, {"x": values})
    few = sum(count(LAYOUT, {"x": values[n : n + 100]}) for n in range(0, len(values), 100))
    assert (many - few)[LAYOUT.slices["x"]].tolist() == [0] * NUMBERS.size


@example([0.0, 1.0], 323)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=8), st.integers(65, 400))
def test_values_of_very_many_rows_are_judged_by_some_of_them_at_a_like_share(
    values: list[float], times: int
) -> None:
    every, some = values * 64, count(LAYOUT, {"x": values * 64 * times})
    shares = count(LAYOUT, {"x": every})[LAYOUT.values["x"]] / len(every)
    assert np.abs(some[LAYOUT.values["x"]] / 512 - shares).max() < 0.15
