"""Run in the operator's process before it starts: notes what each part takes, and when."""

import atexit
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plumbline.live.detector import DriftDetector
from plumbline.shell.evaluations import MonitorEvaluations
from plumbline.shell.metrics import Metrics

Sample = tuple[float, float]
found: dict[str, list[Sample]] = {
    name: [] for name in ("evaluation", "evaluation_cpu", "reconcile", "queued", "late")
}


def install(path: str) -> None:
    """Note everything, and write it down at the end of the process."""
    evaluate = DriftDetector.evaluate

    def timed(*args: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        result = evaluate(*args)
        note("evaluation_cpu", time.thread_time() - cpu)
        note("evaluation", time.perf_counter() - wall)
        return result

    DriftDetector.evaluate = timed  # type: ignore[method-assign]
    _note_lateness()
    _wrap("reconciled", "reconcile")
    _wrap("queue_waited", "queued")
    atexit.register(lambda: Path(path).write_text(json.dumps(found)))


def _note_lateness() -> None:
    """Note the gauge of each second; to ask for it would have all others written down too."""
    monitors = MonitorEvaluations.begin_round

    def noted(self: MonitorEvaluations) -> Any:
        note("late", self._longest_delay)
        return monitors(self)

    MonitorEvaluations.begin_round = noted  # type: ignore[method-assign]


def note(name: str, seconds: float) -> None:
    """Note how long something took that has just ended."""
    found[name].append((time.monotonic(), seconds))


def _wrap(method: str, name: str) -> None:
    """Note the last argument, which is seconds, of a method of the metrics."""
    inner: Callable[..., None] = getattr(Metrics, method)

    def noted(self: Metrics, *args: Any) -> None:
        note(name, args[-1])
        inner(self, *args)

    setattr(Metrics, method, noted)
