"""The drift test on real rows: quiet while the world is the same, loud soon after a change."""

import pandas as pd
import pytest
from plumbline.stats import drift
from plumbline.stats.bins import Layout
from plumbline.stats.windows import windows

from tests.unit.stats import replay


def alarms(layout: Layout, rows: pd.DataFrame) -> list[tuple[int, list[str]]]:
    """Replay rows in time order; return rows sent and columns at each look that alarms."""
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=len(layout.columns))
    found = []
    for sent, counts in replay.seconds(layout, rows):
        scores = drift.score(layout, windows(counts), log_alpha=alpha, tolerate=0.1)
        if named := [score.name for score in scores if score.alarm]:
            found.append((sent, named))
    return found


OTHERS = [(1, 2), (3, 4), (11, 12), (1, 2, 3)]


@pytest.mark.parametrize(
    "months", [(7, 8), *(pytest.param(months, marks=pytest.mark.prove) for months in OTHERS)]
)
def test_days_that_nobody_trained_on_do_not_alarm(months: tuple[int, ...]) -> None:
    assert alarms(replay.taught(months), replay.held_back(months)) == []


def test_july_alarms_on_the_weather_within_500_rows_of_a_winter_model() -> None:
    rows = replay.table()
    found = alarms(replay.taught((1, 2)), rows[rows["month"] == 7].head(500))
    assert found
    assert set(found[-1][1]) <= {"temp", "dewp", "humid", "wind_speed", "precip", "visib"}


def test_a_single_strange_row_does_not_alarm() -> None:
    live = replay.held_back((1, 2)).head(2000).copy()
    live.loc[live.index[700], "temp"] = 120.0
    live.loc[live.index[900], "carrier"] = "??"
    assert alarms(replay.taught((1, 2)), live) == []
