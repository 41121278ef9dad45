"""A value that takes the place of many, or none at all, in rows whose hours share one weather."""

import pandas as pd
import pytest
from plumbline.stats import drift, stuck
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.broken import Broken, null_jumps
from plumbline.stats.windows import windows

from tests.unit.stats import replay

BEFORE, MINUTES = 2500, 4
OTHERS = [(3, 4), (7, 8), (11, 12), (1, 2, 3)]


def jumps(layout: Layout, counts: Counts, alpha: float) -> list[Broken]:
    values = stuck.value_jumps(stuck.suspicions(layout, windows(counts)), log_alpha=alpha)
    minute = counts[-64:].sum(axis=0, keepdims=True)
    return values + null_jumps(layout, windows(minute), log_alpha=alpha)


def pages(layout: Layout, rows: pd.DataFrame) -> list[tuple[int, list[str]]]:
    """Replay rows in time order; return rows sent and columns at each look that finds a jump."""
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=len(layout.columns))
    looks = [(sent, jumps(layout, counts, alpha)) for sent, counts in replay.seconds(layout, rows)]
    return [(sent, [each.column for each in found]) for sent, found in looks if found]


@pytest.mark.parametrize(
    "months", [(1, 2), *(pytest.param(months, marks=pytest.mark.prove) for months in OTHERS)]
)
def test_hours_that_share_one_weather_or_lack_it_are_not_taken_for_broken_data(
    months: tuple[int, ...],
) -> None:
    assert pages(replay.taught(months), replay.held_back(months)) == []


def test_a_summer_that_a_winter_model_never_saw_is_not_taken_for_broken_data() -> None:
    rows = replay.table()
    assert pages(replay.taught((1, 2)), rows[rows["month"] == 7]) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("temp", 20.0), ("pressure", 1018.8), ("hour", 13), ("distance", 872.0), ("carrier", "UA")],
)
def test_a_column_that_sticks_is_found_within_minutes(column: str, value: object) -> None:
    live = replay.held_back((1, 2)).head(BEFORE + MINUTES * 60 * replay.RATE)
    live = live.astype({column: object}) if isinstance(value, str) else live.copy()
    live.iloc[BEFORE:, live.columns.get_loc(column)] = value
    found = pages(replay.taught((1, 2)), live)
    assert found
    assert found[0][0] > BEFORE
    assert found[0][0] - BEFORE <= {"temp": 90, "carrier": 30}.get(column, 20) * replay.RATE
    assert {name for _, columns in found for name in columns} == {column}
