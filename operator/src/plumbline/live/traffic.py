"""What the serving pods of one ModelDeployment have counted, added up over pods and restarts.

Pods count from their own start, so the ledger keeps the newest answer of each start (boot) and adds
them. A pod that starts again has a new boot, and what its old one counted stays in the sum.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.live.observations import Arm, Traffic

Answer = Mapping[str, Any]


@dataclass(slots=True)
class Pod:
    """The newest answer of one pod's start, and when it came (seconds of the epoch)."""

    name: str
    identity: str
    answer: Answer
    time: float


@dataclass(slots=True)
class Ledger:
    """Answers by boot."""

    pods: dict[str, Pod] = field(default_factory=dict)

    def enter(self, name: str, answer: Answer, *, time: float) -> None:
        """Keep an answer without its seconds; the newest of each boot counts."""
        kept = {word: value for word, value in answer.items() if word != "seconds"}
        self.pods[answer["boot"]] = Pod(name, answer["identity"], kept, time)

    def forget(self, identities: Iterable[str]) -> None:
        """Drop the boots of identities that no longer exist."""
        kept = set(identities)
        self.pods = {boot: pod for boot, pod in self.pods.items() if pod.identity in kept}

    def traffic(self, *, ready: Mapping[str, str], fresh_since: float) -> Traffic:
        """Return the sum.

        Args:
            ready: identity of each ready pod, by its name.
            fresh_since: only answers since then say what a pod does now.
        """
        fresh = {pod.name: pod for pod in self.pods.values() if pod.time >= fresh_since}
        return Traffic(
            arms=self._arms(),
            latency_bounds=self._bounds(),
            routed=_routed(fresh, ready),
        )

    def _arms(self) -> dict[str, tuple[Arm, Arm]]:
        total: dict[str, tuple[Arm, Arm]] = {}
        for pod in self.pods.values():
            for token, arms in pod.answer.get("arms", {}).items():
                pair = (_arm(arms["stable"]), _arm(arms["canary"]))
                total[token] = _added(total[token], pair) if token in total else pair
        return total

    def _bounds(self) -> tuple[float, ...]:
        for pod in self.pods.values():
            return tuple(pod.answer.get("latencyBounds", ()))
        return ()


def _arm(wire: Answer) -> Arm:
    return Arm(requests=wire["requests"], errors=wire["errors"], latency=tuple(wire["latency"]))


def _added(one: tuple[Arm, Arm], other: tuple[Arm, Arm]) -> tuple[Arm, Arm]:
    return _sum(one[0], other[0]), _sum(one[1], other[1])


def _sum(one: Arm, other: Arm) -> Arm:
    latency = tuple(a + b for a, b in zip(one.latency, other.latency, strict=True))
    return Arm(
        requests=one.requests + other.requests, errors=one.errors + other.errors, latency=latency
    )


def _routed(fresh: Mapping[str, Pod], ready: Mapping[str, str]) -> frozenset[str]:
    """Return the tokens that every ready pod of some identity follows."""
    by_identity: dict[str, list[str | None]] = {}
    for name, identity in ready.items():
        pod = fresh.get(name)
        followed = pod.answer.get("routing") if pod else None
        by_identity.setdefault(identity, []).append(followed)
    return frozenset(
        tokens[0] for tokens in by_identity.values() if tokens[0] and len(set(tokens)) == 1
    )
