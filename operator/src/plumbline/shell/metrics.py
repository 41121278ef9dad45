"""Prometheus metrics of the engine and of the monitors.

Those of the engine have the names of controller-runtime, so dashboards for controllers show them.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from plumbline.api.objects import Key
from plumbline.live.observations import Assessment

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The operator's metrics in a registry of their own."""

    def __init__(self) -> None:
        """Register every metric."""
        self.registry = CollectorRegistry()
        self._queue_metrics()
        self._reconcile_metrics()
        self._monitor_metrics()
        self._pull_metrics()

    def _queue_metrics(self) -> None:
        name, ours, registry = ["name"], "plumbline", self.registry
        depth = Gauge(
            "workqueue_depth", "Objects that wait to be reconciled", name, registry=registry
        )
        adds = Counter("workqueue_adds", "Objects added to the queue", name, registry=registry)
        waited = Histogram(
            "workqueue_queue_duration_seconds",
            "Time that an object waits in the queue",
            name,
            registry=registry,
            buckets=SECONDS,
        )
        self._depth, self._adds = depth.labels(ours), adds.labels(ours)
        self._waited = waited.labels(ours)

    def _reconcile_metrics(self) -> None:
        registry = self.registry
        self._reconciles = Counter(
            "controller_runtime_reconcile",
            "Reconciles by result",
            ["controller", "result"],
            registry=registry,
        )
        self._reconcile_time = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Duration of reconciles",
            ["controller"],
            registry=registry,
            buckets=SECONDS,
        )
        self._requests = Counter(
            "rest_client_requests",
            "Requests to the API server",
            ["method", "resource"],
            registry=registry,
        )
        self._unreadable = Gauge(
            "plumbline_objects_unreadable",
            "1 for an object that is ignored, because it is nested too deeply to be read",
            ["kind", "namespace", "name"],
            registry=registry,
        )
        self.leading = Gauge(
            "leader_election_master_status", "1 while this replica is leader", registry=registry
        )

    def _monitor_metrics(self) -> None:
        gauge, monitor = self._gauge, ("namespace", "monitor")
        column = (*monitor, "column")
        text = "PSI of a column: live rows against training data"
        self.drift_score = gauge("plumbline_drift_score", text, column)
        text = "log10 of the p-value of the drift test of a column"
        self.drift_log10_p = gauge("plumbline_drift_log10_p", text, column)
        text = "1 while live rows have drifted, else 0"
        self.drifted = gauge("plumbline_drift_detected", text, monitor)
        text = "1 while live rows break the schema, else 0"
        self.broken = gauge("plumbline_data_broken", text, monitor)
        text = "Live rows that the drift test compares"
        self.window_rows = gauge("plumbline_drift_window_rows", text, monitor)
        text = "Live rows that the drift test could not use"
        self.rows_lost = gauge("plumbline_drift_rows_lost", text, monitor)
        self._monitor_gauges = (
            *(self.drift_score, self.drift_log10_p, self.drifted),
            *(self.broken, self.window_rows, self.rows_lost),
        )

    def _pull_metrics(self) -> None:
        self._pulls_failed = Counter(
            "plumbline_pulls_failed",
            "Failed reads of the counts of a serving pod",
            ["reason"],
            registry=self.registry,
        )
        text = "Longest time from reading counts to their evaluation, in the last second"
        self.evaluation_lateness = self._gauge("plumbline_evaluation_lateness_seconds", text)

    def _gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def queue_depth(self, depth: int) -> None:
        """Set how many keys wait."""
        self._depth.set(depth)

    def queue_added(self) -> None:
        """Count a key added."""
        self._adds.inc()

    def queue_waited(self, seconds: float) -> None:
        """Note how long a key has waited."""
        self._waited.observe(seconds)

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Note a reconcile and how it ended (success, error, requeue_after)."""
        self._reconciles.labels(controller, result).inc()
        self._reconcile_time.labels(controller).observe(seconds)

    def requested(self, method: str, resource: str) -> None:
        """Count a request to the API server."""
        self._requests.labels(method, resource).inc()

    def pull_failed(self, reason: str) -> None:
        """Count a failed read of counts (refused, timeout, http, unreadable)."""
        self._pulls_failed.labels(reason).inc()

    def object_unreadable(self, key: Key, unreadable: bool) -> None:
        """Show an object while it is nested too deeply to be read."""
        labels = {"kind": key.resource.kind, "namespace": key.namespace, "name": key.name}
        if unreadable:
            self._unreadable.labels(**labels).set(1)
        else:
            self._unreadable.remove_by_labels(labels)

    def assessed(self, namespace: str, monitor: str, found: Assessment) -> None:
        """Show the assessment of a monitor."""
        labels = (namespace, monitor)
        self.drifted.labels(*labels).set(found.drifted)
        self.broken.labels(*labels).set(bool(found.broken))
        self.window_rows.labels(*labels).set(found.window_rows)
        self.rows_lost.labels(*labels).set(found.rows_lost)
        for column in found.findings:
            self.drift_score.labels(*labels, column.name).set(column.score)
            self.drift_log10_p.labels(*labels, column.name).set(column.log10_p)

    def clear_monitor(self, namespace: str, monitor: str) -> None:
        """Remove a monitor, so that its last values are not shown as if they were current."""
        labels = {"namespace": namespace, "monitor": monitor}
        for gauge in self._monitor_gauges:
            gauge.remove_by_labels(labels)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return bytes(generate_latest(self.registry))
