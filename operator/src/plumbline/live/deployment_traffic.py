"""The live traffic of one ModelDeployment, updated by each reply of its pods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from plumbline.contract.control import ControlReply, UnreadableMessage
from plumbline.live.observations import PodProblem, Traffic
from plumbline.live.predictions import PredictionCounts
from plumbline.live.pulls import PullFailed, Pulls, ServingPod
from plumbline.live.traffic import TrafficCounters
from plumbline.live.watermark import Watermark
from plumbline.live.windows import BucketedCounts

# An older reply does not show what a pod forwards now.
FRESH_SECONDS = 5.0
# A `since` in the far future requests no rows: those of this pod's model are not evaluated.
NEVER = 2**40
# The latest time that datetime can hold, less a day; a pod may report any number.
LATEST = int(datetime.max.replace(tzinfo=UTC).timestamp()) - 86_400


class DeploymentTraffic:
    """Request counters of all pods, and counts by second of the pods that serve the stable model.

    Attributes:
        identity: the identity that is watched for drift; empty before a model serves.
        counts: its rows by second.
        watermark: up to which second its pods have reported.
    """

    def __init__(self) -> None:
        """Start without pods and without a model."""
        self.identity = ""
        self.counts: BucketedCounts | None = None
        self._reference: list[Mapping[str, Any]] = []
        self.watermark = Watermark()
        self._counters, self._pulls = TrafficCounters(), Pulls()
        self._compared: tuple[str, int] | None = None
        self._predictions: dict[str, PredictionCounts] = {}

    def watch(self, identity: str, reference: Iterable[Mapping[str, Any]]) -> None:
        """Start again with another stable model."""
        columns = list(reference)
        self.identity, self.counts, self._reference = identity, BucketedCounts(columns), columns
        self.watermark = Watermark()
        self.stop_comparing()

    def compares(self, canary: str, *, since: int) -> bool:
        """Return whether the predictions of a canary are counted since then."""
        return self._compared == (canary, since)

    def compare(self, canary: str, reference: Iterable[Mapping[str, Any]], *, since: int) -> None:
        """Count the predictions of both models, each in the cells of its own reference."""
        self._compared = canary, since
        self._predictions = {
            self.identity: PredictionCounts(self._reference, since=since),
            canary: PredictionCounts(reference, since=since),
        }

    def stop_comparing(self) -> None:
        """Count no predictions of a canary any more."""
        self._compared, self._predictions = None, {}

    def since(self, pod: ServingPod) -> int:
        """Return the second after which a pod must report."""
        if pod.identity == self.identity:
            return self.watermark.since(pod.name)
        canary = self._predictions.get(pod.identity)
        return canary.since(pod.name) if canary else NEVER

    def report(self, pod: ServingPod, reply: ControlReply, *, now: float) -> None:
        """Add the reply of a pod.

        Raises:
            UnreadableMessage: its counts do not match the reference of the model that it serves.
        """
        counts = self.counts if pod.identity == self.identity else None
        if counts and not (counts.fits(reply.spans) and counts.fits(reply.open_spans)):
            raise UnreadableMessage(
                "it counts other columns than the reference of its model has; use images of one "
                "version"
            )
        self._pulls.succeeded(pod.name, now=now)
        self._counters.report(pod.name, pod.identity, reply, time=now)
        if predictions := self._predictions.get(pod.identity):
            predictions.add(pod.name, reply.spans, through=reply.through)
        if counts:
            late = counts.add(reply.spans, after=self.watermark.after)
            self.watermark.report(pod.name, reply, now=now, late=late)

    @property
    def unwatched(self) -> str:
        """Why rows of some pod are not evaluated now; empty when all are."""
        behind = sorted(self.watermark.clocks_behind().items())
        return _clock_went_back(*behind[0]) if behind else ""

    def failed(self, pod: ServingPod, failed: PullFailed, *, now: float) -> None:
        """Record that the counts of a pod could not be read."""
        self._pulls.failed(pod.name, failed, now=now)
        # A refusal proves that the process has ended. A timeout does not: it may report later.
        if failed.reason == "refused":
            self.watermark.refused(pod.name, now=now)

    def advance(self, pods: Sequence[ServingPod], *, identities: Iterable[str], now: float) -> None:
        """Update the watermark after a round of pulls.

        Args:
            pods: the pods that were asked.
            identities: those that serve or may serve again, with or without pods.
            now: the time of the round.
        """
        names = [pod.name for pod in pods]
        self.watermark.advance(names, now=now)
        if self.counts:
            self.counts.add(self.watermark.take_leftover())
        # The watermark never goes back: if a wrong clock put it into the future, start again.
        if self.counts and self.watermark.is_ahead(now=now):
            self.watch(self.identity, self._reference)
        self._pulls.forget_all_but(names)
        # A pod that drains may serve an identity that is no longer in the status.
        self._counters.forget({*identities, *(pod.identity for pod in pods)})

    def traffic(self, pods: Sequence[ServingPod], *, now: float) -> Traffic:
        """Return the sums over the pods that can be read, and the pods that cannot."""
        found = self._counters.traffic(
            ready={pod.name: pod.identity for pod in pods if pod.ready},
            fresh_since=now - FRESH_SECONDS,
            unreadable=self.problems(pods, now=now),
        )
        counted = {name: each.predictions() for name, each in self._predictions.items()}
        known = {name: each for name, each in counted.items() if each is not None}
        return replace(found, predictions=known)

    def problems(self, pods: Iterable[ServingPod], *, now: float) -> tuple[PodProblem, ...]:
        """Return the pods that receive requests although their counts cannot be read."""
        return self._pulls.problems(pods, now=now)


def _clock_went_back(pod: str, until: int) -> str:
    then = f"{datetime.fromtimestamp(min(until, LATEST), UTC):%Y-%m-%dT%H:%M:%SZ}"
    rows = f"so its new rows are not evaluated before {then}"
    return f"the clock of pod {pod} went back, {rows}. Restart the pod."
