"""The drift test on made rows, where the truth is known."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from plumbline.stats import drift, stuck
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.count import count, count_column
from plumbline.stats.reference import category_bins, number_bins
from plumbline.stats.windows import Windows, windows

COLUMNS, RATE = 30, 50


def score_window(
    bins: ColumnBins, counts: Counts, *, seconds: int, log_alpha: float, tolerate: float
) -> drift.ColumnScore:
    """Judge one column in one window."""
    came = Windows((seconds,), counts[None])
    (found,) = drift.score(Layout([bins]), came, log_alpha=log_alpha, tolerate=tolerate)
    return found


def made(rng: np.random.Generator, rows: int, *, shift: float = 0.0) -> dict[str, np.ndarray]:
    found = {f"c{n}": rng.normal(size=rows) for n in range(COLUMNS)}
    found["c7"] = found["c7"] + shift
    return found


def layout_of(batch: dict[str, np.ndarray]) -> Layout:
    bins = [number_bins(name, values) for name, values in batch.items()]
    return Layout([one for one in bins if one is not None])


def rows_to_alarm(layout: Layout, batch: dict[str, np.ndarray]) -> int | None:
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=COLUMNS)
    seconds: list[np.ndarray] = []
    for start in range(0, len(batch["c0"]), RATE):
        part = {name: values[start : start + RATE] for name, values in batch.items()}
        seconds.append(count(layout, part))
        scores = drift.score(
            layout, windows(np.array(seconds[-512:])), log_alpha=alpha, tolerate=0.1
        )
        if any(score.alarm for score in scores):
            return start + RATE
    return None


@pytest.mark.parametrize("streams", [5, pytest.param(15, marks=pytest.mark.prove)])
def test_half_a_standard_deviation_in_one_of_30_columns_is_found_within_some_400_rows(
    streams: int,
) -> None:
    rng = np.random.default_rng(1)
    layout = layout_of(made(rng, 100_000))
    found = [rows_to_alarm(layout, made(rng, 3000, shift=0.5)) for _ in range(streams)]
    assert all(found)
    assert np.median([rows for rows in found if rows]) <= 450


@pytest.mark.parametrize("rows", [5000, pytest.param(30_000, marks=pytest.mark.prove)])
def test_rows_like_the_reference_do_not_alarm(rows: int) -> None:
    rng = np.random.default_rng(2)
    layout = layout_of(made(rng, 50_000))
    assert rows_to_alarm(layout, made(rng, rows)) is None


def test_a_harmless_shift_is_tolerated_however_many_rows_show_it() -> None:
    rng = np.random.default_rng(3)
    bins = number_bins("x", rng.normal(size=100_000))
    assert bins is not None
    counts = count_column(bins, rng.normal(0.05, size=200_000))
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=1)
    scored = score_window(bins, counts, seconds=4096, log_alpha=alpha, tolerate=0.1)
    assert not scored.alarm


def test_a_new_category_alarms_once_it_is_no_odd_row() -> None:
    rng = np.random.default_rng(4)
    bins = category_bins("x", rng.choice(["a", "b"], 10_000))
    assert bins is not None
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=1)

    def alarms(rows: list[str]) -> bool:
        counts = count_column(bins, rows)
        scored = score_window(bins, counts, seconds=4, log_alpha=alpha, tolerate=0.1)
        return scored.alarm

    assert not alarms(["a", "b"] * 99 + ["new", "a"])
    assert alarms(["a", "b"] * 90 + ["new"] * 20)


@pytest.mark.parametrize("rows", [500, 2000, 20_000])
def test_names_that_nobody_has_had_before_are_no_drift_where_new_names_are_usual(rows: int) -> None:
    rng = np.random.default_rng(14)
    shares = 1 / np.arange(1, 3001)
    names = np.array([f"name {number}" for number in range(3000)], dtype=object)

    def known(size: int) -> np.ndarray:
        return rng.choice(names, size, p=shares / shares.sum())

    bins = category_bins("x", known(rows))
    assert bins is not None
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=COLUMNS)

    def alarms(live: np.ndarray) -> bool:
        counts = count_column(bins, live)
        scored = score_window(bins, counts, seconds=4, log_alpha=alpha, tolerate=0.1)
        return scored.alarm

    assert not any(alarms(known(200)) for _ in range(50))
    assert alarms(np.array([f"other {number}" for number in range(200)], dtype=object))


def test_a_column_whose_every_value_is_another_is_watched_without_alarm() -> None:
    layout = Layout([category_bins("x", [f"id {number}" for number in range(1000)])])
    later = {"x": np.array([f"id {number}" for number in range(1000, 1200)], dtype=object)}
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=1)
    scored = drift.score(layout, windows([count(layout, later)]), log_alpha=alpha, tolerate=0.1)
    assert not any(each.alarm for each in scored)
    assert stuck.suspicions(layout, windows([count(layout, later)])) == []


def test_rain_that_goes_on_for_some_hours_is_no_drift_and_rain_for_weeks_is() -> None:
    rng = np.random.default_rng(11)
    hours = np.where(rng.random(400) < 0.05, rng.exponential(size=400), 0.0)
    bins = number_bins("rain", np.repeat(hours, 50))
    assert bins is not None

    def alarms(rows: int) -> bool:
        counts = count(Layout([bins]), {"rain": np.full(rows, 0.5)})
        scored = score_window(
            bins, counts[: bins.size], seconds=2, log_alpha=math.log(1e-8), tolerate=0.1
        )
        return scored.alarm

    assert not any(alarms(rows) for rows in (64, 100, 127, 150, 200))
    assert alarms(1000)


def test_one_wet_hour_in_the_reference_does_not_say_that_wet_rows_come_alone() -> None:
    rows = np.array(["dry"] * 3000, dtype=object)
    rows[1500:1515] = "wet"
    bins = category_bins("rain", rows)
    assert bins is not None

    def alarms(wet: int) -> bool:
        counts = count(Layout([bins]), {"rain": ["wet"] * wet + ["dry"] * (1200 - wet)})
        scored = score_window(
            bins, counts[: bins.size], seconds=24, log_alpha=math.log(1e-8), tolerate=0.1
        )
        return scored.alarm

    assert not alarms(100)
    assert alarms(600)


def test_few_windows_that_are_calm_by_chance_do_not_count_as_calm() -> None:
    rng = np.random.default_rng(8)
    loud, calm = np.repeat(rng.normal(size=400), 40), rng.normal(size=40)
    bins = number_bins("x", np.r_[loud, np.tile(np.repeat(calm, 40), 10)])
    assert bins is not None
    few = [one for one in bins.overdispersion if bins.rows / one[0] < 50]
    assert len(few) > 2
    assert [phi for _, phi, _ in few] == sorted(phi for _, phi, _ in few)
    assert [even for _, _, even in few] == sorted((even for _, _, even in few), reverse=True)


def alike(rng: np.random.Generator, rows: int, *, together: int) -> np.ndarray:
    """Return rows of which so many at a time are the same."""
    return np.repeat(rng.normal(size=rows // together + 1), together)[:rows]


@pytest.mark.parametrize("rows", [300, 700, 3000])
def test_few_rows_that_came_in_blocks_do_not_pass_for_independent_ones(rows: int) -> None:
    rng = np.random.default_rng(15)
    for _ in range(4):
        layout = layout_of({"c0": alike(rng, rows, together=40)})
        live = {"c0": alike(rng, 4000, together=40)}
        assert rows_to_alarm(layout, live) is None


@pytest.mark.parametrize("rows", [300, 700, 1500])
def test_few_rows_that_came_alone_still_show_a_large_shift(rows: int) -> None:
    rng = np.random.default_rng(16)
    layout = layout_of(made(rng, rows))
    found = [rows_to_alarm(layout, made(rng, 1000, shift=1.0)) for _ in range(3)]
    assert all(found)


def test_a_spell_beyond_all_that_few_spells_of_the_reference_had_is_no_drift() -> None:
    rng = np.random.default_rng(17)
    for _ in range(8):
        known, live = (np.array(list(wandering(rng, rows))) for rows in (3000, 10_000))
        assert rows_to_alarm(layout_of({"c0": known}), {"c0": live}) is None


def wandering(rng: np.random.Generator, rows: int, *, memory: float = 0.99) -> Iterator[float]:
    """Yield rows of which each keeps nearly all of the one before."""
    value = rng.normal()
    for noise in rng.normal(scale=math.sqrt(1 - memory**2), size=rows):
        value = memory * value + noise
        yield value


def test_bins_survive_json() -> None:
    bins = number_bins("x", np.r_[np.zeros(500), np.arange(500.0), [np.nan] * 20])
    assert bins is not None
    assert ColumnBins.from_json(bins.to_json()) == bins


def test_an_alarm_does_not_end_because_traffic_does() -> None:
    rng = np.random.default_rng(6)
    bins = number_bins("x", rng.normal(size=10_000))
    assert bins is not None
    layout, alpha = Layout([bins]), drift.log_alpha(false_alarms_per_month=1, columns=1)
    seconds = [count(layout, {"x": rng.normal(2.0, size=RATE)}) for _ in range(20)]
    for _ in range(600):
        seconds.append(layout.zeros())
        (scored,) = drift.score(layout, windows(np.array(seconds)), log_alpha=alpha, tolerate=0.1)
        assert scored.alarm
