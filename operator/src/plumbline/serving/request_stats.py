"""Requests, errors and latencies: of all requests, and by arm (stable or canary) of a rollout."""

from bisect import bisect_left
from dataclasses import dataclass, field

from plumbline.contract import control
from plumbline.contract.control import FIRST_LATENCY_BOUNDS, LATENCY_BOUNDS

# The newest routings of which counts are kept; an operator accepts twice as many
# (`contract.control`), so that a later server may report more.
KEPT_ROUTINGS = 32
# Prometheus stores each bucket of each pod as a series of its own, so its histogram has few.
METRIC_BOUNDS = FIRST_LATENCY_BOUNDS


@dataclass(slots=True)
class Arm:
    """Requests to one model: all of them, or those under one routing.

    Attributes:
        bounds: upper bounds of the latency buckets in seconds.
    """

    bounds: tuple[float, ...] = LATENCY_BOUNDS
    requests: int = 0
    errors: int = 0
    fallbacks: int = 0
    seconds: float = 0.0
    latency: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Start with empty buckets."""
        self.latency = [0] * (len(self.bounds) + 1)

    def add(self, seconds: float, *, failed: bool) -> None:
        """Count a request."""
        self.requests += 1
        if failed:
            self.errors += 1
        self.seconds += seconds
        self.latency[bisect_left(self.bounds, seconds)] += 1

    def report(self) -> control.Arm:
        """Return the counts in the form of the reply."""
        return control.Arm(
            requests=self.requests,
            errors=self.errors,
            fallbacks=self.fallbacks,
            latency=tuple(self.latency),
        )


@dataclass(slots=True)
class RequestStats:
    """Counts of requests since this process started."""

    total: Arm = field(default_factory=lambda: Arm(METRIC_BOUNDS))
    by_code: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    in_flight: int = 0
    arms: dict[str, tuple[Arm, Arm]] = field(default_factory=dict)

    def ended(self, seconds: float, code: int) -> None:
        """Count a request of a client."""
        self.total.add(seconds, failed=code >= 500)
        self.by_code[code] = self.by_code.get(code, 0) + 1

    def pair(self, routing_id: str) -> tuple[Arm, Arm]:
        """Return the stable and the canary arm of a routing; only the newest routings are kept."""
        if routing_id not in self.arms:
            self.arms[routing_id] = (Arm(), Arm())
            while len(self.arms) > KEPT_ROUTINGS:
                del self.arms[next(iter(self.arms))]
        return self.arms[routing_id]
