"""Times each thing in turn, round after round, and keeps the shortest time of each.

Nothing makes code faster than it is, while a busy machine makes it slower: the shortest of many
rounds is closest to what the code costs.
"""

import itertools
import time
from collections.abc import Callable, Mapping

import numpy as np
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.contract.control import Span
from plumbline.contract.model_json import Description
from plumbline.live.detector import DetectorState, DriftDetector
from plumbline.live.windows import BucketedCounts
from plumbline.serving.counts import Counts
from plumbline.stats import drift
from plumbline.stats.bins import Layout
from plumbline.stats.count import count
from plumbline.stats.windows import Windows

from tests.perf.drift import table
from tests.unit.contract.descriptions import described

ROUNDS, REQUESTS, RATE, KEPT = 40, 5000, 50, 4096
MONITOR = DriftMonitor.model_validate(
    {"metadata": {"name": "m", "namespace": "n"}, "spec": {"deploymentRef": {"name": "m"}}}
)


def shortest(work: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the shortest time of each, in seconds."""
    found = dict.fromkeys(work, float("inf"))
    for _ in range(rounds):
        for name, each in work.items():
            started = time.perf_counter()
            each()
            found[name] = min(found[name], time.perf_counter() - started)
    return found


def windows() -> dict[str, float]:
    """Time whole windows; each round takes the next one, so that none is in a cache."""
    batches = table.numbers()
    mixed = table.with_texts(batches[0])
    layout, other = table.layout_of(batches[0]), table.layout_of(mixed)
    turns = {name: itertools.cycle(batches) for name in ("sum", "count", "judge")}
    return shortest(
        {
            "sum": lambda: [column.sum() for column in next(turns["sum"]).values()],
            "count": lambda: count(layout, next(turns["count"])),
            "judge": lambda: judge(layout, next(turns["judge"])),
            "mixed": lambda: judge(other, mixed),
        }
    )


def judge(layout: Layout, batch: table.Batch) -> list[drift.ColumnScore]:
    """Count and score a window."""
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=len(layout.columns))
    return drift.score(
        layout, Windows((1,), count(layout, batch)[None]), log_alpha=alpha, tolerate=0.1
    )


def requests() -> dict[str, float]:
    """Time what a request of one row adds to its own path, and what it costs in the background."""
    batch = table.numbers(windows=1)[0]
    counts = Counts(description(table.layout_of(batch)))
    rows = [{name: values[n : n + 1] for name, values in batch.items()} for n in range(REQUESTS)]
    answers = np.array([[0.5, 0.5]])

    def note() -> None:
        for row in rows:
            counts.note(row, answers)

    def empty() -> None:
        for row in rows:
            nothing(row, answers)

    found = shortest({"note": note, "flush": counts.flush, "empty": empty}, rounds=5)
    return {
        "note": (found["note"] - found["empty"]) / REQUESTS,
        "flush": found["flush"] / REQUESTS,
    }


def nothing(columns: object, answers: object) -> None:
    """Cost what calling anything costs."""


def description(layout: Layout) -> Description:
    """Return a model's description with this reference."""
    names = [column.name for column in layout.columns]
    features = [{"name": name, "type": "number"} for name in names]
    return described(features, [column.to_json() for column in layout.columns])


def evaluations() -> dict[str, float]:
    """Time one evaluation of everything that is kept: once a second for each monitor."""
    counts, second = full(), KEPT
    detector = DriftDetector.of(MONITOR, "model", counts.layout)
    span = counts_of(counts.layout, table.numbers(windows=1)[0], KEPT + 1)
    state, evidence = DetectorState(), counts.evidence(second, since={})
    return shortest(
        {
            "evidence": lambda: counts.evidence(second, since={}),
            "evaluate": lambda: detector.evaluate(state, evidence),
            "add": lambda: counts.add([span], after=-1),
        },
        rounds=200,
    )


def full() -> BucketedCounts:
    """Return counts of rows in every second that is kept."""
    batch = table.numbers(windows=1)[0]
    counts = BucketedCounts([column.to_json() for column in table.layout_of(batch).columns])
    spans = [counts_of(counts.layout, batch, second) for second in range(1, KEPT + 1)]
    counts.add(spans, after=-1)
    return counts


def counts_of(layout: Layout, batch: table.Batch, second: int) -> Span:
    """Return the counts of one second's rows."""
    start = second * RATE % (table.ROWS - RATE)
    part = {name: values[start : start + RATE] for name, values in batch.items()}
    cells = count(layout, part)
    places = np.flatnonzero(cells)
    return Span(
        start=second,
        rows=RATE,
        cells=places.tolist(),
        counts=cells[places].tolist(),
        violations={},
    )
