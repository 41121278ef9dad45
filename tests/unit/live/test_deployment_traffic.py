"""What is known of a deployment's traffic when its pods' clocks and names are odd."""

import numpy as np
from msgspec import structs
from plumbline.live.deployment_traffic import DeploymentTraffic
from plumbline.live.pulls import ServingPod
from plumbline.live.windows import KEPT
from plumbline.stats.reference import number_bins

from tests.unit.live.wire import reply, span

T = 1_000_000
BINS = number_bins("x", np.random.default_rng(0).normal(size=2000))
TOKEN = "two/0/1"  # noqa: S105 - the name of a routing


def pod(name: str) -> ServingPod:
    return ServingPod(name=name, identity="one", image="i", address="http://a", ready=True)


class Watched:
    """A deployment of one pod that reports ten rows each second."""

    def __init__(self) -> None:
        assert BINS
        self.known, self.now = DeploymentTraffic(), T
        self.known.watch("one", [BINS.to_json()])

    @property
    def rows(self) -> int:
        assert self.known.counts
        return self.known.counts.rows(self.known.watermark.through, KEPT)

    def reports(self, name: str, *, ahead: int = 0, seconds: int = 10) -> None:
        for _ in range(seconds):
            self.now += 1
            clock = self.now + ahead
            # A server takes no second back that it has reported, whatever its clock says.
            since = self.known.since(pod(name))
            told = reply(boot=name, now=clock, started=0, through=max(clock - 1, since))
            news = [span(clock - 1, 10)] if clock - 1 > since else []
            told = structs.replace(told, spans=news)
            self.known.report(pod(name), told, now=self.now)
            self.known.advance([pod(name)], identities=["one"], now=self.now)


def test_a_clock_that_was_hours_ahead_blinds_nobody_once_its_pod_is_gone() -> None:
    watched = Watched()
    watched.reports("well")
    watched.reports("ahead", ahead=3 * 3600)
    watched.reports("well again")
    assert watched.known.watermark.through == watched.now - 1
    assert watched.rows >= 90


def test_a_clock_that_is_a_little_ahead_takes_no_second_back() -> None:
    watched = Watched()
    watched.reports("ahead", ahead=60)
    reached = watched.known.watermark.through
    watched.reports("well")
    assert watched.known.watermark.through == reached
    watched.reports("well", seconds=100)
    assert watched.rows == 10 * 120


def test_a_pod_whose_clock_went_back_is_named_until_its_time_comes() -> None:
    watched = Watched()
    watched.reports("jumps", ahead=100)
    assert watched.known.unwatched == ""
    watched.reports("jumps", seconds=1)
    told = "the clock of pod jumps went back, so its new rows are not evaluated before 1970-01-12"
    assert watched.known.unwatched.startswith(told)
    watched.reports("jumps", seconds=100)
    assert watched.known.unwatched == ""
    watched.reports("jumps", ahead=100)
    watched.reports("well", seconds=1)
    assert watched.known.unwatched == ""


def test_a_second_that_no_calendar_knows_is_told_too() -> None:
    watched = Watched()
    watched.known.report(pod("odd"), reply(now=T, through=2**53), now=T)
    assert "before 9999-" in watched.known.unwatched


def test_two_pods_that_name_the_same_boot_are_two() -> None:
    known = DeploymentTraffic()
    arm = {"requests": 10, "latency": [0] * 13}
    told = reply(boot="same", arms={TOKEN: {"stable": arm, "canary": arm}}, routing=TOKEN)
    pods = [pod("left"), pod("right")]
    for each in pods:
        known.report(each, told, now=T)
    traffic = known.traffic(pods, now=T)
    assert traffic.arms[TOKEN].canary.requests == 20
    assert traffic.routed == {TOKEN}
