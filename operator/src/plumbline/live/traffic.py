"""Requests and errors of one ModelDeployment, summed over its pods and their restarts.

A pod counts from the start of its process, so its counters begin at zero again after a restart (the
reply then has another boot id). The counts before the restart stay in the sum.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plumbline.contract.control import LATENCY_BOUNDS, Arm, Arms, ControlReply
from plumbline.live.observations import PodProblem, Traffic

# Pod name and boot id.
Boot = tuple[str, str]
# Pods choose the names of boots and routings, so the number that is kept has a bound.
KEPT_BOOTS, KEPT_ROUTINGS = 1024, 256


@dataclass(frozen=True, slots=True)
class PodCounters:
    """The newest counters of one boot of a pod, and when they came (Unix time)."""

    pod: str
    identity: str
    routing: str | None
    arms: Mapping[str, Arms]
    time: float


@dataclass(slots=True)
class TrafficCounters:
    """Counters by boot, and by identity the sums of older boots."""

    boots: dict[Boot, PodCounters] = field(default_factory=dict)
    sums: dict[str, dict[str, Arms]] = field(default_factory=dict)

    def report(self, pod: str, identity: str, reply: ControlReply, *, time: float) -> None:
        """Add a reply; the newest of each boot counts."""
        arms = {
            routing_id: Arms(
                stable=_bucketed(both.stable, reply.latency_bounds, upper=True),
                canary=_bucketed(both.canary, reply.latency_bounds, upper=False),
            )
            for routing_id, both in reply.arms.items()
        }
        boot = pod, reply.boot
        self.boots.pop(boot, None)
        self.boots[boot] = PodCounters(pod, identity, reply.routing_id, arms, time)
        if len(self.boots) > KEPT_BOOTS:
            self._sum_up(self.boots.pop(next(iter(self.boots))))

    def forget(self, identities: Iterable[str]) -> None:
        """Forget the counters of identities that no longer exist."""
        kept = set(identities)
        self.boots = {boot: one for boot, one in self.boots.items() if one.identity in kept}
        self.sums = {identity: one for identity, one in self.sums.items() if identity in kept}

    def traffic(
        self,
        *,
        ready: Mapping[str, str],
        fresh_since: float,
        unreadable: tuple[PodProblem, ...] = (),
    ) -> Traffic:
        """Return the sum.

        Args:
            ready: identity of each ready pod, by its name.
            fresh_since: only replies since then show what a pod does now.
            unreadable: pods that are missing from the sum.
        """
        fresh = {one.pod: one for one in self.boots.values() if one.time >= fresh_since}
        total: dict[str, Arms] = {}
        for arms in (*self.sums.values(), *(one.arms for one in self.boots.values())):
            _add(total, arms)
        return Traffic(
            arms=total,
            latency_bounds=LATENCY_BOUNDS,
            routed=_routed(fresh, ready),
            unreadable=unreadable,
        )

    def _sum_up(self, old: PodCounters) -> None:
        total = self.sums.setdefault(old.identity, {})
        _add(total, old.arms)
        for routing_id in list(total)[:-KEPT_ROUTINGS]:
            del total[routing_id]


def _bucketed(arm: Arm, bounds: tuple[float, ...], *, upper: bool) -> Arm:
    """Return counts in our own latency buckets; servers of other releases may have others.

    Each count goes to the bucket of its upper or of its lower bound. What a wide bucket leaves open
    is decided for the canary, so that it is not rolled back because of an old server's buckets.
    """
    if bounds == LATENCY_BOUNDS and arm.latency:
        return arm
    latency = [0] * (len(LATENCY_BOUNDS) + 1)
    edges = (*bounds, math.inf) if upper else (0.0, *bounds)
    place = bisect_left if upper else bisect_right
    for count, edge in zip(arm.latency, edges, strict=False):
        latency[place(LATENCY_BOUNDS, edge)] += count
    return Arm(requests=arm.requests, errors=arm.errors, latency=tuple(latency))


def _add(total: dict[str, Arms], arms: Mapping[str, Arms]) -> None:
    for routing_id, new in arms.items():
        total[routing_id] = _both(total[routing_id], new) if routing_id in total else new


def _both(one: Arms, other: Arms) -> Arms:
    return Arms(stable=_sum(one.stable, other.stable), canary=_sum(one.canary, other.canary))


def _sum(one: Arm, other: Arm) -> Arm:
    latency = tuple(a + b for a, b in zip(one.latency, other.latency, strict=True))
    return Arm(
        requests=one.requests + other.requests, errors=one.errors + other.errors, latency=latency
    )


def _routed(fresh: Mapping[str, PodCounters], ready: Mapping[str, str]) -> frozenset[str]:
    """Return the ids of the routings that every ready pod of an identity follows."""
    by_identity: dict[str, list[str | None]] = {}
    for name, identity in ready.items():
        counters = fresh.get(name)
        by_identity.setdefault(identity, []).append(counters.routing if counters else None)
    return frozenset(ids[0] for ids in by_identity.values() if ids[0] and len(set(ids)) == 1)
