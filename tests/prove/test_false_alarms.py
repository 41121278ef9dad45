"""Rows like the reference do not alarm more often than the budget says, whatever their order.

A run is 400 seconds of live rows beside a reference of its own. At a budget that promises an alarm
in at most one of ten runs, the number of runs that alarm is binomial with at most that share; what
is tolerated is none, so that nothing but the test itself keeps an alarm away. At the default
sensitivity, whose alarms are among those, not one may alarm.
"""

import math

import numpy as np
import pytest
from plumbline.stats import drift
from plumbline.stats.windows import windows

from tests.prove import streams

RUNS, SECONDS, COLUMNS, REFERENCE, PROMISED = 150, 400, 3, 50_000, 0.1
MONTHLY = PROMISED * drift.SECONDS_A_MONTH / SECONDS
pytestmark = pytest.mark.prove


def most(runs: int, share: float, *, chance: float = 0.01) -> int:
    """Return the number that a binomial exceeds with less than this chance."""
    weights = [math.comb(runs, n) * share**n * (1 - share) ** (runs - n) for n in range(runs + 1)]
    return next(n for n in range(runs + 1) if sum(weights[n + 1 :]) < chance)


def run(stream: streams.Stream, seed: int) -> tuple[bool, bool]:
    """Tell whether a run alarms at the raised budget, and whether anything does by default."""
    rng = np.random.default_rng([52, seed])
    layout = streams.layout_of(streams.columns(stream, rng, REFERENCE, COLUMNS))
    live = streams.columns(stream, rng, SECONDS * streams.RATE, COLUMNS)
    counts = streams.seconds(layout, live)
    raised = drift.log_alpha(false_alarms_per_month=MONTHLY, columns=COLUMNS)
    usual = drift.log_alpha(false_alarms_per_month=1, columns=COLUMNS)
    often = seldom = False
    for end in range(2, SECONDS + 1):
        window = counts[:end]
        if _alarms(drift.score(layout, windows(window), log_alpha=raised, tolerate=0)):
            often = True
            seldom |= _alarms(drift.score(layout, windows(window), log_alpha=usual, tolerate=0.1))
    return often, seldom


def _alarms(scores: list[drift.ColumnScore]) -> bool:
    return any(score.alarm for score in scores)


@pytest.mark.parametrize(
    "stream",
    [streams.independent, streams.autocorrelated, streams.hourly, streams.rare],
    ids=lambda stream: stream.__name__,
)
def test_rows_like_the_reference_alarm_no_more_often_than_promised(
    stream: streams.Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    often, seldom = (sum(each) for each in zip(*(run(stream, s) for s in range(RUNS)), strict=True))
    bound, looks = most(RUNS, PROMISED), RUNS * (SECONDS - 1)
    with capsys.disabled():
        print(
            f"\n{stream.__name__}: {often} of {RUNS} runs alarm at a promise of {PROMISED}", end=""
        )
        print(f" (at most {bound} with 99 %); by default {seldom} in {looks} looks")
    assert often <= bound
    assert seldom == 0
