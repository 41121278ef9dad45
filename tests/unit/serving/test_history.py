"""Old rows are merged into minutes and hours; none is dropped before a month has passed."""

import numpy as np
import pytest
from plumbline.contract.control import Span
from plumbline.serving.counts import PAGE, Counts
from plumbline.serving.history import KEPT_CELLS, TIERS, History
from plumbline.stats.reference import number_bins

from tests.unit.contract.descriptions import described

HOUR, DAY = 3600, 86_400
NOW = 1_800_000_000 // DAY * DAY


def history(*seconds: int, now: int = NOW, size: int = 2) -> History:
    """Return a history in which one row came in each of these seconds."""
    found = History(size)
    for second in sorted(seconds):
        found.at(second).add(np.ones(size), 1, {"x/Min": 1})
        found.age(second)
    found.age(now)
    return found


def spans(found: History) -> list[tuple[int, int, int]]:
    return [(span.length, span.start, span.rows) for span in found.after(0, NOW)]


def test_a_row_stays_in_its_second_then_in_its_minute_then_in_its_hour() -> None:
    came = [NOW - 30 * DAY, NOW - 20 * HOUR - 3, NOW - 20 * HOUR - 1, NOW - 5]
    assert spans(history(*came)) == [
        (3600, NOW - 30 * DAY, 1),
        (60, NOW - 20 * HOUR - 60, 2),
        (1, NOW - 5, 1),
    ]


def test_no_row_of_a_month_is_dropped_nor_counted_twice() -> None:
    rng = np.random.default_rng(0)
    came = [NOW - int(back) for back in rng.integers(1, 31 * DAY - HOUR, 3000)]
    found = history(*came)
    kept = list(found.after(0, NOW))
    assert sum(span.rows for span in kept) == 3000
    assert sum(span.cells[1] for span in kept) == 3000
    assert sum(span.broken["x/Min"] for span in kept) == 3000
    ends = [0, *(span.last for span in kept)]
    assert all(end < span.start for end, span in zip(ends, kept, strict=False))
    assert found.forgotten == 0


def test_what_is_older_than_a_month_is_reported_as_forgotten() -> None:
    found = history(NOW - 40 * DAY, NOW - 40 * DAY + 1, NOW - 1)
    assert (found.forgotten, len(spans(found))) == (2, 1)


@pytest.mark.parametrize("size", [10, pytest.param(1000, marks=pytest.mark.prove), 50_000])
def test_a_month_of_rows_in_every_second_is_kept_in_bounded_room(size: int) -> None:
    assert sum(reach // length for length, reach in TIERS) * 1000 < KEPT_CELLS
    found = History(size)
    for second in range(NOW - 31 * DAY, NOW, 97):
        found.at(second).rows += 1
        found.age(second)
    kept = list(found.after(0, NOW))
    assert len(kept) * size <= KEPT_CELLS * 1.02
    assert len({span.length for span in kept}) >= 2


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def counting(columns: int = 1) -> tuple[Counts, Clock]:
    values, names = np.random.default_rng(0).normal(size=2000), [f"x{n}" for n in range(columns)]
    reference = [bins.to_json() for name in names if (bins := number_bins(name, values))]
    features = [{"name": name, "type": "number", "nullable": True} for name in names]
    clock = Clock()
    return Counts(described(features, reference), clock=clock), clock


def answers(counts: Counts, second: int) -> tuple[int, list[list[Span]]]:
    """Ask until everything is reported; return the last second, and the answers."""
    reported, before = list[list[Span]](), -1
    while second != before:
        before, (second, found) = second, counts.since(second)
        reported.append(found)
    return second, reported


def rows(reported: list[list[Span]]) -> int:
    return sum(one.rows for answer in reported for one in answer)


def test_an_operator_that_was_away_for_a_day_gets_every_row_since() -> None:
    counts, clock = counting()
    counts.note({"x0": np.zeros(7)}, None)
    clock.now += 60
    through, first = counts.since(0)
    for _ in range(1440):
        clock.now += 60
        counts.note({"x0": np.zeros(3)}, None)
        counts.flush()
    clock.now += 1
    newest, reported = answers(counts, through)
    assert (newest, rows([first]), rows(reported)) == (clock.now - 1, 7, 1440 * 3)
    assert {one.length for answer in reported for one in answer} == {1, 60}


def test_a_long_tale_comes_in_parts_and_each_row_in_one_of_them() -> None:
    counts, clock = counting(columns=40)
    for second in range(NOW - 4000, NOW):
        counts.history.at(second).add(np.ones(counts.layout.size), 1, {})
    newest, reported = answers(counts, 0)
    assert (newest, rows(reported)) == (clock.now - 1, 4000)
    assert len(reported) > 5
    assert max(sum(len(one.cells) for one in answer) for answer in reported) < PAGE + 1000


def test_who_asks_for_the_newest_does_not_get_old_rows() -> None:
    counts, clock = counting()
    for _ in range(100):
        counts.note({"x0": np.zeros(1)}, None)
        clock.now += 1
    reported = counts.since(-10)[1]
    assert [one.start for one in reported] == list(range(NOW + 90, NOW + 100))


def test_a_second_that_was_reported_never_changes_even_when_the_clock_is_set_back() -> None:
    counts, clock = counting()
    counts.note({"x0": np.zeros(5)}, None)
    clock.now += 1
    through, before = counts.since(0)
    clock.now -= 30
    counts.note({"x0": np.zeros(2)}, None)
    assert counts.since(0) == (through, before)
    clock.now += 60
    assert [one.rows for one in counts.since(through)[1]] == [2]


def test_rows_that_come_too_fast_to_be_counted_are_reported_as_rows() -> None:
    counts, clock = counting()
    batch = {"x0": np.zeros(3_000_000)}
    for _ in range(4):
        counts.note(batch, None)
    clock.now += 1
    assert counts.lost == 3_000_000
    assert sum(one.rows for one in counts.since(0)[1]) == 9_000_000
    counts.note(batch, None)
    assert counts.lost == 3_000_000
