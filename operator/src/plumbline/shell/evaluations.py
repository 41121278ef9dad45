"""The evaluations of the DriftMonitors: the counts of a deployment's pods, evaluated in threads.

An evaluation is about a millisecond of numpy, and the event loop must renew a Lease; so evaluations
run in a small pool of threads. The evidence is collected on the event loop, where the counts
change; a thread reads only values that do not change. Without new counts nothing is evaluated.
"""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from plumbline.api.objects import Key
from plumbline.api.sentences import internal
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.engine.queue import Queue
from plumbline.live.detector import DetectorState, DriftDetector, advance_without_rows, recovered
from plumbline.live.observations import Assessment
from plumbline.live.watermark import Watermark
from plumbline.live.windows import BucketedCounts
from plumbline.log import get_logger
from plumbline.shell.metrics import Metrics
from plumbline.shell.object_reader import ObjectReader

THREADS = 2
log = get_logger(__name__)


@dataclass(slots=True)
class _Watched:
    """The state of one monitor's evaluations.

    Attributes:
        counts: of the model that it watches.
        detector: the settings of the last evaluation.
        row_sum: `BucketedCounts.row_sum` at the last evaluation.
        through: second up to which its alarms were advanced.
        lost_before: lost rows that its status had already when this process began to watch it.
    """

    counts: BucketedCounts
    state: DetectorState
    lost_before: int
    detector: DriftDetector | None = None
    row_sum: int = -1
    through: int = 0


class MonitorEvaluations:
    """The newest evaluation of each monitor.

    Attributes:
        assessments: its result.
        failures: why there is no result, or no new one.
    """

    def __init__(self, objects: ObjectReader, queue: Queue, metrics: Metrics) -> None:
        """Evaluate the monitors among these objects."""
        self._objects, self._queue, self._metrics = objects, queue, metrics
        self._pool = ThreadPoolExecutor(THREADS, "evaluation")
        self._watched: dict[Key, _Watched] = {}
        self._longest_delay = 0.0
        self.assessments: dict[Key, Assessment] = {}
        self.failures: dict[Key, str] = {}

    def begin_round(self) -> dict[Key, list[DriftMonitor]]:
        """Begin a round: return the monitors of each deployment, and forget all others.

        A suspended monitor counts as deleted. The longest delay of the last round is shown as a
        metric.
        """
        self._metrics.evaluation_lateness.set(self._longest_delay)
        self._longest_delay = 0.0
        found: dict[Key, list[DriftMonitor]] = {}
        for _, monitor in self._objects.readable(DriftMonitor):
            if not monitor.spec.suspend:
                found.setdefault(_deployment_of(monitor), []).append(monitor)
        self._keep({_key(each) for monitors in found.values() for each in monitors})
        return found

    def close(self) -> None:
        """Stop the evaluations."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def evaluate(
        self,
        monitors: Iterable[DriftMonitor],
        counts: BucketedCounts,
        watermark: Watermark,
        model: str,
    ) -> None:
        """Evaluate a deployment's monitors, and reconcile those whose verdict has changed."""
        if watermark.through:
            for monitor in monitors:
                try:
                    await self._evaluate(monitor, counts, watermark, model)
                except Exception as error:
                    self._failed(_key(monitor), error)
                else:
                    self.failures.pop(_key(monitor), None)

    async def _evaluate(
        self, monitor: DriftMonitor, counts: BucketedCounts, watermark: Watermark, model: str
    ) -> None:
        key, through = _key(monitor), watermark.through
        watched = self._watching(monitor, counts, watermark)
        lost = watched.lost_before + watermark.rows_lost
        detector = DriftDetector.of(monitor, model, counts.layout)
        before, row_sum = self.assessments.get(key), counts.row_sum(through)
        if before and (row_sum, detector) == (watched.row_sum, watched.detector):
            if through > watched.through:
                watched.state, before = advance_without_rows(watched.state, before, through)
            watched.through = through
            self._keep_assessment(key, replace(before, rows_lost=lost))
            return
        watched.row_sum, watched.detector, watched.through = row_sum, detector, through
        due = time.monotonic()
        evidence = counts.evidence(through, since=recovered(watched.state, through))
        watched.state, found = await asyncio.get_running_loop().run_in_executor(
            self._pool, detector.evaluate, watched.state, evidence
        )
        self._longest_delay = max(self._longest_delay, time.monotonic() - due)
        # In the meantime the monitor may have been deleted, or watch another model.
        if self._watched.get(key) is watched:
            self._keep_assessment(key, replace(found, rows_lost=lost))

    def _failed(self, key: Key, error: Exception) -> None:
        """Note that an evaluation failed; the next visit evaluates the same counts again."""
        if watched := self._watched.get(key):
            watched.row_sum = -1
        problem = f"the drift test failed with {internal(error)}"
        # Logged once, since the next round comes in a second.
        if self.failures.get(key) != problem:
            log.exception("evaluation failed", error, **key.log_fields)
        self.failures[key] = problem

    def _watching(
        self, monitor: DriftMonitor, counts: BucketedCounts, watermark: Watermark
    ) -> _Watched:
        key = _key(monitor)
        watched = self._watched.get(key)
        if watched is None or watched.counts is not counts:
            self._metrics.clear_monitor(key.namespace, key.name)
            lost_before = monitor.status.rows_lost - watermark.rows_lost
            watched = _Watched(counts, DetectorState.resumed(monitor), lost_before)
            self._watched[key] = watched
        return watched

    def _keep_assessment(self, key: Key, found: Assessment) -> None:
        before = self.assessments.get(key)
        if before == found:
            return
        # A column that is no longer watched must not keep its last value.
        if before and _columns(before) != _columns(found):
            self._metrics.clear_monitor(key.namespace, key.name)
        self.assessments[key] = found
        self._metrics.assessed(key.namespace, key.name, found)
        if _verdict(before) != _verdict(found):
            self._queue.add(key)

    def _keep(self, monitors: set[Key]) -> None:
        """Forget all other monitors and remove their gauges."""
        for key in self._watched.keys() - monitors:
            del self._watched[key]
            self.assessments.pop(key, None)
            self._metrics.clear_monitor(key.namespace, key.name)
        for key in self.failures.keys() - monitors:
            del self.failures[key]


def _key(monitor: DriftMonitor) -> Key:
    return Key(DRIFT_MONITOR, monitor.metadata.namespace, monitor.metadata.name)


def _deployment_of(monitor: DriftMonitor) -> Key:
    name = monitor.spec.deployment_ref.name
    return Key(MODEL_DEPLOYMENT, monitor.metadata.namespace, name)


def _columns(found: Assessment) -> set[str]:
    return {each.name for each in found.findings}


def _verdict(found: Assessment | None) -> object:
    """Return the part of an assessment whose change is worth a reconcile."""
    if found is None:
        return None
    broken = tuple((one.column, one.rule) for one in found.broken)
    suspects = tuple((one.column, one.rule) for one in found.suspects)
    # Lost rows by two digits: the number changes often, and its size is what matters.
    state = found.drifted, found.is_learning, found.window_rows > 0
    return found.model, state, broken, suspects, f"{found.rows_lost:.2g}"
