"""Rollouts of models with known errors and latencies, through the plan's own transitions.

Clients send 200 requests a second until the canary is promoted or rolled back, for at most 20
minutes. The operator looks once a second, and after 25 seconds of a step at each twenty-fifth more
requests, which saves most of the time. `python -m tests.prove.rollouts` prints the table of
docs/error-rates.md.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus, Rollout
from plumbline.contract.control import LATENCY_BOUNDS
from plumbline.live.observations import Arm, Arms, Traffic
from plumbline.plan.model_deployment import measure
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.model_deployment.target import choose
from plumbline.plan.model_deployment.transitions import next_transition

from tests.unit.plan.rollout_story import run, served

RATE, LONGEST, EACH, SEED = 200, 1200, 25, 61
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How often a model fails, and how long it takes: lognormal, with its median in seconds."""

    errors: float = 0.001
    seconds: float = 0.3
    spread: float = 0.3

    def shares(self) -> Floats:
        """Return the share of its requests in each bucket of latency."""
        edges = np.array([0.0, *LATENCY_BOUNDS, np.inf])
        z = [(math.log(edge / self.seconds) / self.spread) if edge else -np.inf for edge in edges]
        below = [0.5 * math.erfc(-each / math.sqrt(2)) for each in z]
        return np.diff(below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table: both models, and what is stated about the rollout.

    Attributes:
        promoted, rolled_back: the largest stated share of either; 1 where either is right.
    """

    name: str
    stable: Behaviour = Behaviour()
    canary: Behaviour = Behaviour()
    weights: Sequence[int] = (10, 50)
    promoted: float = 1.0
    rolled_back: float = 1.0
    analysis: dict[str, float] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether both models are the same."""
        return self.stable == self.canary


@dataclass(slots=True)
class End:
    """How a rollout ended: promoted, rolled back or neither, and the canary's requests by step."""

    word: str
    requests: list[int]


class Counted:
    """The counts of both arms on one step.

    Attributes:
        total: seconds of the steps before.
        seconds: of this step.
    """

    def __init__(self, row: Row, rng: np.random.Generator) -> None:
        self._models = row.stable, row.canary
        self._shares = [model.shares() for model in self._models]
        self._rng, self._account = rng, 0
        self.total = self.seconds = 0
        self.start()

    def start(self) -> None:
        """Start a step."""
        self.total, self.seconds = self.total + self.seconds, 0
        self._errors = [0, 0]
        self._latency = [np.zeros(len(LATENCY_BOUNDS) + 1, dtype=np.int64) for _ in range(2)]

    def next_look(self, weight: int) -> Arms:
        """Let the clients call until the operator looks again."""
        seconds = max(1, self.seconds // EACH)
        self.seconds += seconds
        self._account += seconds * RATE * weight
        forwarded, self._account = divmod(self._account, 100)
        for arm, requests in enumerate((seconds * RATE - forwarded, forwarded)):
            self._errors[arm] += self._rng.binomial(requests, self._models[arm].errors)
            self._latency[arm] += self._rng.multinomial(requests, self._shares[arm])
        return Arms(stable=self._arm(0), canary=self._arm(1))

    def _arm(self, arm: int) -> Arm:
        latency = self._latency[arm]
        return Arm(
            requests=int(latency.sum()), errors=self._errors[arm], latency=tuple(latency.tolist())
        )


def begun(row: Row) -> ModelDeploymentSnapshot:
    """Return a deployment whose canary is on its first step."""
    steps = [{"weight": weight} for weight in row.weights]
    spec = Rollout.model_validate({"steps": steps, "analysis": row.analysis})
    world = served(
        run("one"), run("two", revision=2), rollout=spec.model_dump(mode="json", by_alias=True)
    )
    world.settle()
    assert world.canary
    assert world.canary.weight == row.weights[0]
    world.wait(1)
    world.once()
    return replace(world.snapshot(), deployment=world.deployment)


def roll_out(row: Row, snapshot: ModelDeploymentSnapshot, seed: int) -> End:
    """Let a rollout run to its end."""
    counted, requests = Counted(row, np.random.default_rng([SEED, seed])), [0]
    wanted = choose(snapshot).served
    while counted.total + counted.seconds < LONGEST:
        canary = snapshot.deployment.status.canary
        if canary is None:
            word = "rolled back" if snapshot.deployment.status.rejected else "promoted"
            return End(word, requests)
        token, arms = measure.routing_id(canary), counted.next_look(canary.weight)
        requests[-1] = arms.canary.requests
        traffic = Traffic(
            arms={token: arms}, latency_bounds=LATENCY_BOUNDS, routed=frozenset({token})
        )
        now = snapshot.now + timedelta(seconds=1)
        snapshot = replace(snapshot, traffic=traffic, now=now)
        found = measure.analysis(snapshot, canary)
        # Without a verdict the plan changes only the counts in the status.
        if found and found.verdict != "Inconclusive":
            status = next_transition(snapshot, wanted).status
            if status.canary and status.canary.step != canary.step:
                counted.start()
                requests.append(0)
            snapshot = _with_status(snapshot, status)
    return End("waits", requests)


def _with_status(
    snapshot: ModelDeploymentSnapshot, status: ModelDeploymentStatus
) -> ModelDeploymentSnapshot:
    deployment = snapshot.deployment.model_copy(update={"status": status})
    return replace(snapshot, deployment=deployment)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in many rollouts of one row."""

    row: Row
    ends: Sequence[End]

    def share(self, word: str) -> float:
        """Return the share of rollouts that ended so."""
        return sum(end.word == word for end in self.ends) / len(self.ends)

    @property
    def step(self) -> float:
        """Median of the canary's requests until the first step passed."""
        passed = [e.requests[0] for e in self.ends if len(e.requests) > 1 or e.word == "promoted"]
        return median(passed) if passed else math.nan

    @property
    def stopped(self) -> float:
        """Median of the canary's requests until it was rolled back."""
        found = [sum(end.requests) for end in self.ends if end.word == "rolled back"]
        return median(found) if found else math.nan

    def line(self) -> str:
        """Return the line of the table."""
        words = ("promoted", "rolled back", "waits")
        shares = " | ".join(f"{100 * self.share(word):.1f}" for word in words)
        stated = ", ".join(
            f"{word} <= {100 * limit:g}"
            for word, limit in zip(words, (self.row.promoted, self.row.rolled_back), strict=False)
            if limit < 1
        )
        numbers = " | ".join("" if n != n else f"{n:.0f}" for n in (self.step, self.stopped))
        return f"| {self.row.name} | {len(self.ends)} | {stated} | {shares} | {numbers} |"


def see(row: Row, runs: int) -> Seen:
    """Let many rollouts of a row run."""
    snapshot = begun(row)
    return Seen(row, [roll_out(row, snapshot, seed) for seed in range(runs)])


# Stated of an equal model: in each step, errors and latency roll it back in at most 1 % each.
FALSE_ROLLBACK, FALSE_PROMOTION = 0.02, 0.05
TAILS = {"light": 0.3, "heavy": 1.0}


def _errors(stable: float, canary: float, **stated: float) -> Row:
    return Row(
        name=f"errors {100 * stable:g} %, canary {100 * canary:g} %",
        stable=Behaviour(errors=stable),
        canary=Behaviour(errors=canary),
        **stated,  # type: ignore[arg-type]
    )


def _slower(tail: str, times: float, weights: Sequence[int] = (10, 50), **stated: float) -> Row:
    return Row(
        name=f"latency x{times:g}, {tail} tail, weights {', '.join(map(str, weights))}",
        stable=Behaviour(spread=TAILS[tail]),
        canary=Behaviour(spread=TAILS[tail], seconds=0.3 * times),
        weights=weights,
        **stated,  # type: ignore[arg-type]
    )


EQUAL = {"rolled_back": 2 * FALSE_ROLLBACK}
ROWS = (
    *(_errors(rate, rate, **EQUAL) for rate in (0.0, 0.001, 0.005, 0.01, 0.02)),
    _errors(0.01, 0.015),
    _errors(0.0, 0.015),
    _errors(0.01, 0.02, promoted=FALSE_PROMOTION),
    _errors(0.0, 0.02, promoted=FALSE_PROMOTION),
    _errors(0.02, 0.03, promoted=FALSE_PROMOTION),
    _errors(0.01, 0.04, promoted=FALSE_PROMOTION),
    _errors(0.0, 0.11, promoted=FALSE_PROMOTION),
    *(_slower(tail, times, **EQUAL) for tail in TAILS for times in (1, 1.5, 2)),
    _slower("light", 3, promoted=FALSE_PROMOTION),
    _slower("heavy", 3),
    _slower("heavy", 5, promoted=FALSE_PROMOTION),
    _slower("heavy", 1, (10, 25, 50, 75, 90), rolled_back=5 * FALSE_ROLLBACK),
    _slower("heavy", 1, (10, 50, 100), rolled_back=3 * FALSE_ROLLBACK),
    _slower("light", 1, (10, 25, 50, 75, 100), rolled_back=5 * FALSE_ROLLBACK),
    _slower("light", 3, (50, 100), promoted=FALSE_PROMOTION),
)


def main() -> None:
    """Print the table."""
    runs, names = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:]
    words = ("models", "rollouts", "stated, %", "promoted, %", "rolled back, %", "waits, %")
    print(f"| {' | '.join(words)} | a step | to roll back |")
    print("|---" * 8 + "|")
    for row in (each for each in ROWS if not names or each.name in names):
        print(see(row, runs).line(), flush=True)


if __name__ == "__main__":
    main()
