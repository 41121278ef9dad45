"""The evaluations of the DriftMonitors: what a deployment's pods have counted, judged."""

from plumbline.api.objects import Key
from plumbline.api.resources import DRIFT_MONITOR
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.engine.cache import Cache
from plumbline.engine.queue import Queue
from plumbline.live.detector import DriftDetector
from plumbline.live.observations import Assessment
from plumbline.live.watermark import Watermark
from plumbline.live.windows import BucketedCounts
from plumbline.shell.metrics import Metrics


class MonitorEvaluations:
    """The newest evaluation of each monitor.

    Attributes:
        assessments: what it found.
    """

    def __init__(self, cache: Cache, queue: Queue, metrics: Metrics) -> None:
        """Evaluate the monitors that the cache knows."""
        self._cache, self._queue, self._metrics = cache, queue, metrics
        self._detectors: dict[Key, DriftDetector] = {}
        self.assessments: dict[Key, Assessment] = {}

    def evaluate(
        self, deployment: Key, counts: BucketedCounts, watermark: Watermark, model: str
    ) -> None:
        """Evaluate a deployment's monitors, and wake those whose verdict has changed."""
        if not watermark.through:
            return
        for obj in self._cache.list(DRIFT_MONITOR, deployment.namespace):
            watches = obj["spec"]["deploymentRef"]["name"] == deployment.name
            if watches and not obj["spec"].get("suspend"):
                self._judge(DriftMonitor.model_validate(obj), counts, watermark, model)

    def _judge(
        self, monitor: DriftMonitor, counts: BucketedCounts, watermark: Watermark, model: str
    ) -> None:
        key = Key(DRIFT_MONITOR, monitor.metadata.namespace, monitor.metadata.name)
        detector = self._detectors.get(key)
        if detector is None or detector.counts is not counts:
            self._metrics.monitor_gone(key.namespace, key.name)
            detector = self._detectors[key] = DriftDetector.resumed(monitor, model, counts)
            detector.lost_before -= watermark.lost
        found = detector.evaluate(monitor, through=watermark.through, lost=watermark.lost)
        before, self.assessments[key] = self.assessments.get(key), found
        self._show(key, found)
        if _verdict(before) != _verdict(found):
            self._queue.add(key)

    def _show(self, key: Key, found: Assessment) -> None:
        """Set the gauges of a monitor."""
        labels = (key.namespace, key.name)
        self._metrics.drifted.labels(*labels).set(found.drifted)
        self._metrics.broken.labels(*labels).set(bool(found.broken))
        self._metrics.window_rows.labels(*labels).set(found.window_rows)
        self._metrics.rows_lost.labels(*labels).set(found.rows_lost)
        for column in found.findings:
            self._metrics.drift_score.labels(*labels, column.name).set(column.score)
            self._metrics.drift_log10_p.labels(*labels, column.name).set(column.log10_p)

    def forget_gone(self) -> None:
        """Forget the monitors that are gone or suspended, and show their gauges no more."""
        looking = {
            Key(DRIFT_MONITOR, obj["metadata"]["namespace"], obj["metadata"]["name"])
            for obj in self._cache.list(DRIFT_MONITOR, None)
            if not obj["spec"].get("suspend")
        }
        for key in self._detectors.keys() - looking:
            del self._detectors[key]
            self.assessments.pop(key, None)
            self._metrics.monitor_gone(key.namespace, key.name)


def _verdict(found: Assessment | None) -> object:
    """Return what of an assessment is worth telling; lost rows to two digits, as they may go on."""
    if found is None:
        return None
    rules = tuple((one.column, one.rule) for one in found.broken)
    return found.model, found.drifted, rules, found.window_rows > 0, f"{found.rows_lost:.2g}"
