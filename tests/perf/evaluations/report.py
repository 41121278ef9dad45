"""The table, the machine it was taken on, and what the rows mean."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from tests.perf.drift.report import machine

if TYPE_CHECKING:
    from tests.perf.evaluations.__main__ import Seen

# A Lease is renewed every two seconds and lost after ten.
RENEW_SECONDS, LATE_SECONDS = 2.0, 1.0
TEXT = """# Evaluations

{monitors} monitored models of 30 columns, each with one pod that has 50 rows a second and
{history:,} s of history, and {edits:.0f} reconciles a second beside them, for {wall:.0f} s. {when}.

Machine: {machine}.

| | | bar |
|---|---|---|
| evaluations a second | {rate:.0f} | {monitors} |
| an evaluation, CPU time of its thread, ms: median, 99 % | {cpu50:.2f}, {cpu99:.2f} | 5 |
| an evaluation, wall time, ms: median, 99 % | {wall50:.2f}, {wall99:.2f} | |
| new counts until evaluated, longest of a second, s: median, worst | {late50:.2f}, {late99:.2f} | |
| a reconcile, ms: median, 99 % | {rec50:.1f}, {rec99:.1f} | 1,000 |
| a key's wait for it, ms: median, 99 % | {queue50:.1f}, {queue99:.1f} | |
| time between two renewals of the Lease, s: median, worst | {gap50:.2f}, {gap99:.2f} | 10 |
| renewals that were a second late or more, of {renewals} | {gaps_late} | |
| times that the Lease was lost | {lost} | 0 |
| exceptions and errors in the log | {errors} | 0 |
| CPU of the operator, % of a core | {share:.0f} | |
| resident memory of the operator, MB | {memory:.0f} | |
| start: seconds until all history was pulled and evaluated | {warm:.0f} | |

How to read it: the operator is the whole process (`python -m plumbline.shell`) with Kopf, its Lease
and its workers, against the fake API server of the tests; API server and pods are processes on the
same machine and take their share of it. The Lease's figures count from the start, while all history
is pulled; all others are of the {wall:.0f} s after that.

Again: `make perf NAME=evaluations`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured: samples of the process itself, and what was seen from outside."""

    samples: dict[str, list[tuple[float, float]]]
    seen: "Seen"
    log: str
    monitors: int
    history: int


def page(figures: Figures) -> str:
    """Return the page of results."""
    seen, gaps = figures.seen, figures.seen.gaps()
    found = {name: _within(figures, name) for name in figures.samples}
    lines = figures.log.splitlines()
    return TEXT.format(
        monitors=figures.monitors,
        history=figures.history,
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine().replace("one thread used", f"{os.cpu_count()} cores shared"),
        wall=seen.wall,
        edits=len(found["reconcile"]) / seen.wall,
        rate=len(found["evaluation"]) / seen.wall,
        **_percentiles("cpu", 1000 * found["evaluation_cpu"]),
        **_percentiles("wall", 1000 * found["evaluation"]),
        **_percentiles("rec", 1000 * found["reconcile"]),
        **_percentiles("queue", 1000 * found["queued"]),
        **_percentiles("late", found["late"], worst=True),
        **_percentiles("gap", np.array(gaps), worst=True),
        renewals=len(gaps),
        gaps_late=sum(gap > RENEW_SECONDS + LATE_SECONDS for gap in gaps),
        lost=sum("no longer leads" in line for line in lines),
        errors=sum("Traceback" in line or "ERROR" in line for line in lines),
        share=100 * seen.cpu / seen.wall,
        memory=seen.memory_mb,
        warm=seen.warm_seconds,
    )


def _within(figures: Figures, name: str) -> np.ndarray:
    """Return the samples of the minute that was looked at."""
    first, last = figures.seen.started, figures.seen.started + figures.seen.wall
    return np.array([value for at, value in figures.samples[name] if first <= at <= last])


def _percentiles(name: str, values: np.ndarray, *, worst: bool = False) -> dict[str, float]:
    middle, high = np.percentile(values, [50, 100 if worst else 99])
    return {f"{name}50": float(middle), f"{name}99": float(high)}
