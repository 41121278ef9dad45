"""The same rows give the same numbers, however they were spread over replicas that all answer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from plumbline.live.watermark import Watermark
from plumbline.live.windows import KEPT, BucketedCounts
from plumbline.serving.counts import Counts
from plumbline.stats.reference import category_bins, number_bins
from plumbline.stats.windows import LONGEST

from tests.unit.contract.descriptions import described
from tests.unit.live.wire import reply

T = 1_000_020
RNG = np.random.default_rng(0)
NUMBERS, WORDS = number_bins("x", RNG.normal(size=2000)), category_bins("w", ["a", "b"] * 500)
assert NUMBERS
assert WORDS
REFERENCE = [NUMBERS.to_json(), WORDS.to_json()]
CONTENT = described(
    [
        {"name": "x", "type": "number", "nullable": False, "max": 2},
        {"name": "w", "type": "category", "nullable": True, "values": ["a", "b"]},
    ],
    REFERENCE,
)
Row = tuple[int, float, str | None]


class Replica:
    """A pod's counts, on a clock that is set, and the operator's pulls of them."""

    def __init__(self, name: str) -> None:
        self.name, self.now = name, float(T)
        self.counts = Counts(CONTENT, clock=lambda: self.now)

    def serve(self, row: Row) -> None:
        self.now = T + row[0] + 0.5
        self.counts.note({"x": np.array([row[1]]), "w": np.array([row[2]], dtype=object)}, None)

    def pulled(self, seconds: BucketedCounts, watermark: Watermark, now: float) -> None:
        self.now = now
        through, told = self.counts.since(watermark.since(self.name))
        answer = structs.replace(
            reply(boot=self.name, through=through), spans=told, open_spans=self.counts.begun()
        )
        late = seconds.add(told, after=watermark.after)
        watermark.report(self.name, answer, now=now, late=late)


def told(
    rows: list[Row], places: list[int], silent: range = range(0)
) -> tuple[BucketedCounts, Watermark]:
    """Return what the operator knows of rows in the order of their seconds.

    Args:
        rows: second, and the values.
        places: replica that each row went to.
        silent: seconds in which the first replica answers nobody.
    """
    replicas = [Replica(f"pod-{n}") for n in range(max(places) + 1)]
    seconds, watermark = BucketedCounts(REFERENCE), Watermark()
    for second in range(max(second for second, *_ in rows) + 2):
        for row, place in zip(rows, places, strict=True):
            if row[0] == second:
                replicas[place].serve(row)
        for replica in replicas[1:] if second in silent else replicas:
            replica.pulled(seconds, watermark, T + second + 1.0)
        watermark.advance([replica.name for replica in replicas], now=T + second + 1.0)
    return seconds, watermark


ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.floats(-4, 4), st.sampled_from(["a", "b", "zebra", None])),
    min_size=1,
    max_size=40,
)


@given(ROWS, st.data())
def test_rows_count_alike_however_they_were_spread(rows: list[Row], data: st.DataObject) -> None:
    count = len(rows)
    places = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    alone, one = told(rows, [0] * count)
    spread, many = told(rows, places)
    assert one.through == many.through
    ours, theirs = (each.evidence(one.through, since={}) for each in (alone, spread))
    assert (ours.windows.sums == theirs.windows.sums).all()
    assert ours.violations == theirs.violations
    assert alone.rows(one.through, KEPT) == spread.rows(one.through, KEPT) == count
    assert (one.rows_lost, many.rows_lost) == (0, 0)


def test_rows_that_a_silent_pod_tells_late_join_their_seconds() -> None:
    rows: list[Row] = [(second, second / 10, "a") for second in range(30) for _ in range(2)]
    places = [0, 1] * 30
    prompt, _ = told(rows, places)
    late, watermark = told(rows, places, silent=range(5, 25))
    ours, theirs = (each.evidence(T + 30, since={}) for each in (prompt, late))
    assert (ours.windows.sums == theirs.windows.sums).all()
    assert watermark.rows_lost == 0


def test_rows_that_a_silent_pod_tells_late_count_in_their_minute() -> None:
    replicas = [Replica("well"), Replica("stuck")]
    seconds, watermark = BucketedCounts(REFERENCE), Watermark()
    for second in (59, 5000, 5001):
        for replica in replicas:
            replica.serve((second, 0.0, "a"))
        for replica in replicas[:1] if second == 5000 else replicas:
            replica.pulled(seconds, watermark, T + second + 1.0)
        watermark.advance(["well", "stuck"], now=T + second + 1.0)
        if second == 59:
            replicas[1].serve((61, 0.0, "a"))
    assert watermark.through == T + 5001
    assert watermark.rows_lost == 0
    assert seconds.rows(watermark.through, KEPT) == 4
    assert seconds.rows(watermark.through, LONGEST) == 7


def test_a_killed_pod_loses_what_it_served_after_the_last_pull_and_no_more() -> None:
    replica, seconds, watermark = Replica("killed"), BucketedCounts(REFERENCE), Watermark()
    for second in range(10):
        replica.serve((second, 0.0, "a"))
        replica.pulled(seconds, watermark, T + second + 0.7)
        watermark.advance(["killed"], now=T + second + 0.7)
    watermark.advance([], now=T + 10.2)
    seconds.add(watermark.take_leftover())
    assert seconds.rows(T + 10, KEPT) == 10
    assert watermark.rows_lost <= 1
