"""Counts of pods add up over restarts, and say what every pod follows."""

from typing import Any

from plumbline.live.traffic import Ledger

TOKEN = "two/0/1"  # noqa: S105 - the name of a routing


def answer(boot: str, canary: int, *, routing: str | None = TOKEN) -> dict[str, Any]:
    arm = {"requests": 10, "errors": 0, "latency": [10, 0]}
    other = {"requests": canary, "errors": 1, "latency": [canary, 0]}
    return {
        "boot": boot,
        "identity": "one",
        "routing": routing,
        "latencyBounds": [0.1],
        "arms": {TOKEN: {"stable": arm, "canary": other}},
    }


def test_what_a_pod_counted_before_it_started_again_stays_in_the_sum() -> None:
    ledger = Ledger()
    ledger.enter("p", answer("first", 5), time=1)
    ledger.enter("p", answer("first", 7), time=2)
    ledger.enter("p", answer("second", 2), time=3)
    _, canary = ledger.traffic(ready={"p": "one"}, fresh_since=0).arms[TOKEN]
    assert (canary.requests, canary.errors, canary.latency) == (9, 2, (9, 0))


def test_a_routing_counts_only_once_every_ready_pod_follows_it() -> None:
    ledger = Ledger()
    ledger.enter("p", answer("a", 1), time=10)
    ready = {"p": "one", "q": "one"}
    assert ledger.traffic(ready=ready, fresh_since=0).routed == frozenset()
    ledger.enter("q", answer("b", 1), time=10)
    assert ledger.traffic(ready=ready, fresh_since=0).routed == {TOKEN}
    assert ledger.traffic(ready=ready, fresh_since=11).routed == frozenset()
