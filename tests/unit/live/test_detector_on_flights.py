"""Real rows as traffic: a summer is drift, and a column that sticks pages and is never drift."""

from collections.abc import Iterator

import pandas as pd
import pytest
from plumbline.live.observations import Assessment

from demo import flights
from tests.unit.live.watching import Watching
from tests.unit.stats import replay

BEFORE, BROKEN = 1000, 5000


@pytest.fixture
def mine() -> Watching:
    return Watching(*replay.taught((1, 2)).columns)


def looks(mine: Watching, rows: pd.DataFrame) -> Iterator[Assessment]:
    """Let the rows come, fifty a second, and look each second."""
    for second, start in enumerate(range(0, len(rows), replay.RATE), start=1):
        batch = rows.iloc[start : start + replay.RATE]
        mine.comes(second, flights.columns(batch))
        yield mine.evaluate(second)


def test_a_summer_is_drift_within_seconds_and_no_fault(mine: Watching) -> None:
    rows = replay.table()
    summer = rows[rows["month"] == 7].head(4000)
    found = list(looks(mine, pd.concat([replay.held_back((1, 2)), summer])))
    winter = len(found) - len(summer) // replay.RATE
    assert not any(each.drifted for each in found[:winter])
    assert any(each.drifted for each in found[winter : winter + 10])
    assert [one for each in found for one in (*each.broken, *each.suspects)] == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("temp", 20.0),
        ("carrier", "UA"),
        pytest.param("pressure", 1018.8, marks=pytest.mark.prove),
        pytest.param("distance", 872.0, marks=pytest.mark.prove),
    ],
)
def test_a_column_that_sticks_for_a_while_pages_and_never_passes_for_drift(
    mine: Watching, column: str, value: object
) -> None:
    live = replay.held_back((1, 2)).astype({column: object})
    live.iloc[BEFORE : BEFORE + BROKEN, live.columns.get_loc(column)] = value
    found = list(looks(mine, live))
    assert {one.column for each in found for one in each.broken} == {column}
    assert not found[-1].broken
    assert not any(each.drifted for each in found)
