"""Counts of pods add up over restarts, and say what every pod follows."""

import math

from plumbline.contract.control import LATENCY_BOUNDS, ControlReply
from plumbline.live.traffic import TrafficCounters

from tests.unit.live.wire import reply

TOKEN = "two/0/1"  # noqa: S105 - the name of a routing


def answer(boot: str, canary: int, *, routing: str | None = TOKEN) -> ControlReply:
    arm = {"requests": 10, "errors": 0, "latency": [10, 0]}
    other = {"requests": canary, "errors": 1, "latency": [canary, 0]}
    arms = {TOKEN: {"stable": arm, "canary": other}}
    return reply(boot=boot, routing=routing, arms=arms, latencyBounds=[0.1])


def test_what_a_pod_counted_before_it_started_again_stays_in_the_sum() -> None:
    counters = TrafficCounters()
    counters.report("p", "one", answer("first", 5), time=1)
    counters.report("p", "one", answer("first", 7), time=2)
    counters.report("p", "one", answer("second", 2), time=3)
    canary = counters.traffic(ready={"p": "one"}, fresh_since=0).arms[TOKEN].canary
    assert (canary.requests, canary.errors) == (9, 2)
    assert sum(canary.latency) == 9


def test_the_wide_buckets_of_an_older_server_are_read_in_favour_of_the_canary() -> None:
    counters, bounds = TrafficCounters(), [0.05, 0.1]
    arms = {TOKEN: {name: {"requests": 6, "latency": [1, 2, 3]} for name in ("stable", "canary")}}
    counters.report("p", "one", reply(boot="a", arms=arms, latencyBounds=bounds), time=1)
    found = counters.traffic(ready={}, fresh_since=0).arms[TOKEN]
    stable = {place: rows for place, rows in enumerate(found.stable.latency) if rows}
    canary = {place: rows for place, rows in enumerate(found.canary.latency) if rows}
    lowers, uppers = (0.0, *LATENCY_BOUNDS), (*LATENCY_BOUNDS, math.inf)
    assert list(stable.values()) == list(canary.values()) == [1, 2, 3]
    for place, edge in zip(stable, (0.05, 0.1, math.inf), strict=True):
        assert lowers[place] < edge <= uppers[place]
    for place, edge in zip(canary, (0.0, 0.05, 0.1), strict=True):
        assert lowers[place] <= edge < uppers[place]


def test_a_routing_counts_only_once_every_ready_pod_follows_it() -> None:
    counters = TrafficCounters()
    counters.report("p", "one", answer("a", 1), time=10)
    ready = {"p": "one", "q": "one"}
    assert counters.traffic(ready=ready, fresh_since=0).routed == frozenset()
    counters.report("q", "one", answer("b", 1), time=10)
    assert counters.traffic(ready=ready, fresh_since=0).routed == {TOKEN}
    assert counters.traffic(ready=ready, fresh_since=11).routed == frozenset()
