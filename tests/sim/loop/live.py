"""Live traffic as a story tells it, in place of what the pods would say."""

from dataclasses import dataclass, field

from plumbline.api.objects import Key
from plumbline.api.v1alpha1.model_deployment import Canary
from plumbline.live.observations import Arm, Arms, Assessment, PodProblem, Traffic
from plumbline.plan.model_deployment.measure import routing_id

BOUNDS = (0.01, 0.05, 0.1, 0.5, 1.0)
STABLE = Arm(requests=10_000, errors=0, latency=(9000, 900, 90, 10, 0, 0))
NOTHING = Arm(latency=(0,) * (len(BOUNDS) + 1))


def beside(canary: Canary) -> Arm:
    """Return what the stable model answers beside a canary: nothing once that gets everything."""
    return STABLE if canary.weight < 100 else NOTHING


@dataclass
class Live:
    """Counts by deployment and looks by monitor."""

    counts: dict[Key, Traffic] = field(default_factory=dict)
    looks: dict[Key, Assessment] = field(default_factory=dict)
    unread: dict[Key, tuple[PodProblem, ...]] = field(default_factory=dict)
    blind: dict[Key, str] = field(default_factory=dict)

    def traffic(self, key: Key) -> Traffic:
        return self.counts.get(key, Traffic(latency_bounds=BOUNDS))

    def assessment(self, key: Key) -> Assessment | None:
        return self.looks.get(key)

    def unreadable(self, key: Key) -> tuple[PodProblem, ...]:
        return self.unread.get(key, ())

    def unwatched(self, key: Key) -> str:
        return self.blind.get(key, "")

    def is_broken(self, key: Key) -> bool:
        """Whether the newest look of a monitor found broken data."""
        found = self.looks.get(key)
        return bool(found and found.broken)

    def count(self, key: Key, canary: Canary, arm: Arm) -> None:
        """Let the canary have answered this much on a step that every stable pod knows."""
        known, token = self.traffic(key), routing_id(canary)
        arms = {**known.arms, token: Arms(stable=beside(canary), canary=arm)}
        self.counts[key] = Traffic(arms=arms, latency_bounds=BOUNDS, routed=known.routed | {token})
