"""A thousand rollouts of each kind end as stated: equal models are promoted, worse ones are not."""

import pytest

from tests.prove.rollouts import ROWS, Row, see
from tests.prove.test_false_alarms import most

RUNS = 1000
pytestmark = pytest.mark.prove


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_rollout_ends_as_stated(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    seen = see(row, RUNS)
    with capsys.disabled():
        print(f"\n{seen.line()}", end="")
    if row.promoted < 1:
        assert seen.share("promoted") * RUNS <= most(RUNS, row.promoted)
    if row.rolled_back < 1:
        assert seen.share("rolled back") * RUNS <= most(RUNS, row.rolled_back)
    if row.is_equal and row.canary.errors <= 0.01:
        assert seen.step <= 1000
