"""A small sample of the rollouts of tests/prove: equal models are promoted, worse ones are not."""

import pytest

from tests.prove import rollouts

ROWS = {row.name: row for row in rollouts.ROWS}
ENDS = {
    "errors 0.5 %, canary 0.5 %": "promoted",
    "errors 1 %, canary 4 %": "rolled back",
    "latency x1.5, heavy tail, weights 10, 50": "promoted",
    "latency x3, light tail, weights 10, 50": "rolled back",
    "latency x1, heavy tail, weights 10, 50, 100": "promoted",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_rollout_ends_as_it_should(name: str) -> None:
    seen = rollouts.see(ROWS[name], runs=8)
    assert seen.share(ENDS[name]) == 1
    assert not seen.step > 1000
