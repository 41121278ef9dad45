"""Worlds for the gates: labels and predictions whose true metrics are known, and how often a bound
lies on the wrong side of the truth.

    python -m tests.prove.gates 5000 [part of a name]

prints the tables of docs/error-rates.md: the seed of a cell is its name.
"""

import math
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from plumbline.api.metrics import METRICS
from plumbline.stats.measure import evaluate, improvement

Rng = np.random.Generator
Array = NDArray[np.float64]
MOST = 10_000
SIZES = (50, 200, 1_000, MOST)
SHARES = ("auc", "accuracy", "f1", "precision", "recall", "brier", "log_loss")
ERRORS = ("mae", "rmse", "r2")
# Large enough that the error of a "true" value is small beside the interval of 10,000 rows.
MANY = 4_000_000


class Rows(NamedTuple):
    """Rows of a world: labels, predictions of one or two models, and their groups."""

    labels: Array
    new: Array
    old: Array | None = None
    groups: Array | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Where rows come from.

    Attributes:
        name: of the row of a table.
        metrics: what is measured.
        draw: rows of this number.
        sizes: numbers of rows.
    """

    name: str
    metrics: tuple[str, ...]
    draw: Callable[[Rng, int], Rows]
    sizes: tuple[int, ...] = SIZES


@dataclass(frozen=True, slots=True)
class Missed:
    """Shares of runs: the lower bound above the truth, the upper one below it, no bound known."""

    low: float
    high: float
    unknown: float


def classes(positive: float, apart: float) -> Callable[[Rng, int], Rows]:
    """Two normal classes `apart` standard deviations apart, and the exact chance of each row."""
    base = math.log(positive / (1 - positive)) - apart**2 / 2

    def draw(rng: Rng, n: int) -> Rows:
        labels = (rng.random(n) < positive).astype(float)
        seen = apart * labels + rng.normal(size=n)
        return Rows(labels, 1 / (1 + np.exp(-(base + apart * seen))))

    return draw


def days(groups: int) -> Callable[[Rng, int], Rows]:
    """Rows in groups whose chances move together, .7 on the scale of logits, ~50 rows each."""

    def draw(rng: Rng, n: int) -> Rows:
        number = max(groups, n // 50)
        group = np.sort(rng.integers(number, size=n)) if n > 50 * groups else np.arange(n) // 50
        effect = rng.normal(scale=0.7, size=number)[group]
        seen = rng.normal(size=n)
        labels = (rng.random(n) < 1 / (1 + np.exp(-(seen + effect)))).astype(float)
        return Rows(labels, 1 / (1 + np.exp(-seen)), groups=group.astype(float))

    return draw


def noise(kind: str) -> Callable[[Rng, int], Array]:
    """Errors of a regression; all have mean 0."""
    return {
        "normal": lambda rng, n: rng.normal(size=n),
        "t3": lambda rng, n: rng.standard_t(3, size=n),
        "lognormal": lambda rng, n: np.exp(rng.normal(size=n)) - math.exp(0.5),
    }[kind]


def regression(kind: str) -> Callable[[Rng, int], Rows]:
    """A normal signal that the model knows, and an error that it does not."""

    def draw(rng: Rng, n: int) -> Rows:
        signal = rng.normal(size=n)
        return Rows(signal + noise(kind)(rng, n), signal)

    return draw


def amounts(rng: Rng, n: int) -> Rows:
    """A lognormal target: the errors grow with it."""
    known = 0.8 * rng.normal(size=n)
    return Rows(np.exp(known + 0.6 * rng.normal(size=n)), np.exp(known + 0.18))


def retrained(positive: float, alike: float) -> Callable[[Rng, int], Rows]:
    """Two models whose scores are correlated; the new one is a little worse."""

    def draw(rng: Rng, n: int) -> Rows:
        labels = (rng.random(n) < positive).astype(float)
        common = rng.normal(size=n) * math.sqrt(alike)
        own = rng.normal(size=(2, n)) * math.sqrt(1 - alike)
        base = math.log(positive / (1 - positive))
        new, old = (base + 1.2 * (1.2 * labels + common + each) - 0.72 for each in own)
        new = new + 0.25 * rng.normal(size=n)
        return Rows(labels, 1 / (1 + np.exp(-new)), 1 / (1 + np.exp(-old)))

    return draw


def broken(share: float) -> Callable[[Rng, int], Rows]:
    """The old model, and a new one that is wrong on a share more of the rows; else the same."""

    def draw(rng: Rng, n: int) -> Rows:
        labels = (rng.random(n) < 0.5).astype(float)
        right = rng.random(n) < 0.8
        old = np.where(right == (labels == 1), 0.8, 0.2)
        flipped = rng.random(n) < share / 0.8
        new = np.where(flipped & right, 1 - old, old)
        return Rows(labels, new, old)

    return draw


def noisier(kind: str) -> Callable[[Rng, int], Rows]:
    """Two regressions; the new one has a little more noise."""

    def draw(rng: Rng, n: int) -> Rows:
        signal, error = rng.normal(size=n), noise(kind)(rng, n)
        old = signal + 0.2 * rng.normal(size=n)
        return Rows(signal + error, signal + 0.4 * rng.normal(size=n), old)

    return draw


def grouped(groups: int) -> World:
    name = f"{groups} groups of 50"
    return World(name, ("auc", "accuracy", "f1", "brier", "log_loss"), days(groups), (50 * groups,))


WORLDS = (
    World("50 % positive, auc .77", SHARES, classes(0.5, 1.05)),
    World("50 % positive, auc .985", SHARES, classes(0.5, 3.07)),
    World("5 % positive, auc .84", SHARES, classes(0.05, 1.41)),
    World("5 % positive, auc .985", SHARES, classes(0.05, 3.07)),
    World("1 % positive, auc .84", SHARES, classes(0.01, 1.41)),
    *(World(f"{kind} errors", ERRORS, regression(kind)) for kind in ("normal", "t3", "lognormal")),
    World("lognormal target", ERRORS, amounts),
    *(grouped(number) for number in (5, 10, 30, 100)),
)
BOTH = ("auc", "accuracy", "f1", "brier", "log_loss")
CHAMPIONS = (
    World("50 % positive, correlation .95", BOTH, retrained(0.5, 0.95)),
    World("5 % positive, correlation .95", BOTH, retrained(0.05, 0.95)),
    World("wrong on .5 % more rows", BOTH, broken(0.005)),
    World("wrong on 1 % more rows", BOTH, broken(0.01)),
    World("wrong on 2 % more rows", BOTH, broken(0.02)),
    *(World(f"{kind} errors, noisier", ERRORS, noisier(kind)) for kind in ("normal", "t3")),
)


def seeded(*words: object) -> Rng:
    """Return a generator whose seed is the name of what it draws."""
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def truth(world: World, metric: str) -> float:
    """Return the metric of very many rows."""
    rows = world.draw(seeded(world.name, "truth"), MANY)
    return evaluate(METRICS[metric], rows.labels, rows.new).value


def true_gain(world: World, metric: str) -> float:
    """Return by how much the new model is better on very many rows; negative is worse."""
    labels, new, old, _ = world.draw(seeded(world.name, "truth"), MANY)
    assert old is not None
    value = [evaluate(METRICS[metric], labels, each).value for each in (new, old)]
    return (value[1] - value[0]) * (1 if METRICS[metric].lower_is_better else -1)


def missed(world: World, n: int, wanted: Mapping[str, float], runs: int) -> dict[str, Missed]:
    """Return for each metric, by its true value, how often its bounds miss."""
    rng = seeded(world.name, n)
    counts = {metric: np.zeros(3) for metric in wanted}
    for _ in range(runs):
        rows = world.draw(rng, n)
        for metric, value in wanted.items():
            counts[metric] += _missed_once(rows, metric, value)
    return {metric: Missed(*(count / runs)) for metric, count in counts.items()}


def _missed_once(rows: Rows, metric: str, wanted: float) -> tuple[bool, bool, bool]:
    try:
        found = evaluate(METRICS[metric], rows.labels, rows.new, groups=rows.groups)
    except ValueError:
        return False, False, True
    return found.low > wanted, found.high < wanted, bool(found.weak)


def passes(world: World, n: int, margins: Mapping[str, float], runs: int) -> dict[str, float]:
    """Return for each metric, by its margin, how often a model passes the gate at .95."""
    rng = seeded(world.name, n)
    counts = dict.fromkeys(margins, 0)
    for _ in range(runs):
        rows = world.draw(rng, n)
        for metric, margin in margins.items():
            counts[metric] += _passes_once(rows, metric, margin)
    return {metric: count / runs for metric, count in counts.items()}


def _passes_once(rows: Rows, metric: str, margin: float) -> bool:
    assert rows.old is not None
    try:
        found = improvement(METRICS[metric], rows.labels, rows.new, rows.old, confidence=0.9)
    except ValueError:
        return False
    return found.low >= -margin


def tables(runs: int, part: str) -> Iterator[str]:
    """Yield the lines of the tables: first the intervals, then the champion gates."""
    for world in WORLDS:
        if part in world.name:
            wanted = {metric: truth(world, metric) for metric in world.metrics}
            by_size = [missed(world, n, wanted, runs_at(n, runs)) for n in world.sizes]
            yield from _lines(world, {m: [_shown(each[m]) for each in by_size] for m in wanted})
    for world in CHAMPIONS:
        if part in world.name:
            margins = {metric: -true_gain(world, metric) for metric in world.metrics}
            shares = [passes(world, n, margins, runs_at(n, runs)) for n in world.sizes]
            cells = {m: [f"{100 * each[m]:.1f}" for each in shares] for m in margins}
            yield from _lines(world, cells)


def runs_at(n: int, runs: int) -> int:
    """Return the runs of a cell: the largest samples get fewer, as they take most of the time."""
    return runs if n < MOST else runs // 5


def _lines(world: World, cells: Mapping[str, list[str]]) -> Iterator[str]:
    for metric, each in cells.items():
        yield f"| {world.name} | {metric} | {' | '.join(each)} |"


def _shown(found: Missed) -> str:
    more = f" ({100 * found.unknown:.0f})" if found.unknown >= 0.005 else ""
    return f"{100 * found.low:.1f}/{100 * found.high:.1f}{more}"


if __name__ == "__main__":
    for line in tables(int(sys.argv[1]), " ".join(sys.argv[2:])):
        print(line, flush=True)
