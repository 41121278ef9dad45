"""All that is known of one ModelDeployment's live traffic, and what each reply adds to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plumbline.contract.control import ControlReply, Unreadable
from plumbline.live.observations import Traffic
from plumbline.live.pulls import PullFailed, Pulls, ServingPod
from plumbline.live.traffic import TrafficCounters
from plumbline.live.watermark import Watermark
from plumbline.live.windows import BucketedCounts

FRESH_SECONDS = 5.0
# A pod that serves another model than the one that is watched has no row to tell of.
NEVER = 2**40


class DeploymentTraffic:
    """Counters of all pods, and the counts by second of those that serve the stable model.

    Attributes:
        identity: what is watched for drift; empty before a model serves.
        counts: its rows by second.
        watermark: how far its pods have reported.
    """

    def __init__(self) -> None:
        """Know of no pod and no model."""
        self.identity = ""
        self.counts: BucketedCounts | None = None
        self.watermark = Watermark()
        self._counters, self._pulls = TrafficCounters(), Pulls()

    def watch(self, identity: str, reference: Iterable[Mapping[str, Any]]) -> None:
        """Begin anew: another model has become the stable one."""
        self.identity, self.counts = identity, BucketedCounts(reference)
        self.watermark = Watermark()

    def since(self, pod: ServingPod) -> int:
        """Return the second after which a pod is to report."""
        return self.watermark.since(pod.name) if pod.identity == self.identity else NEVER

    def report(self, pod: ServingPod, reply: ControlReply, *, now: float) -> None:
        """Take in what a pod has replied.

        Raises:
            Unreadable: it counts by another reference than that of the model it serves.
        """
        counts = self.counts if pod.identity == self.identity else None
        if counts and not (counts.fits(reply.seconds) and counts.fits(reply.begun)):
            raise Unreadable(f"it counts cells that model {pod.identity} does not have")
        self._pulls.succeeded(pod.name, now=now)
        self._counters.report(pod.name, pod.identity, reply, time=now)
        if counts:
            late = counts.add(reply.seconds, after=self.watermark.after)
            self.watermark.report(pod.name, reply, now=now, late=late)

    def failed(self, pod: ServingPod, failed: PullFailed, *, now: float) -> None:
        """Note that a pod could not be read."""
        self._pulls.failed(pod.name, failed, now=now)
        if failed.reason == "refused":
            self.watermark.refused(pod.name, now=now)

    def advance(self, pods: Sequence[ServingPod], *, identities: Iterable[str], now: float) -> None:
        """Move on after a round of pulls.

        Args:
            pods: those that were asked.
            identities: what serves or may again, whether it has pods or not.
            now: the time of the round.
        """
        names = [pod.name for pod in pods]
        self.watermark.advance(names, now=now)
        if self.counts:
            self.counts.add(self.watermark.take_leftover())
        self._pulls.forget_all_but(names)
        self._counters.forget({*identities, *(pod.identity for pod in pods)})

    def traffic(self, pods: Sequence[ServingPod], *, now: float) -> Traffic:
        """Return the counters, as far as these pods can be read."""
        return self._counters.traffic(
            ready={pod.name: pod.identity for pod in pods if pod.ready},
            fresh_since=now - FRESH_SECONDS,
            unreadable=self._pulls.problems(pods, now=now),
        )
