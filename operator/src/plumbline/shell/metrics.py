"""Prometheus metrics: the engine's under controller-runtime's names, and what users watch.

Existing dashboards for Kubernetes controllers read the first kind as they are.
"""

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

    def _queue_metrics(self) -> None:
        name, ours, registry = ["name"], "plumbline", self.registry
        depth = Gauge("workqueue_depth", "Keys that wait", name, registry=registry)
        adds = Counter("workqueue_adds", "Keys added", name, registry=registry)
        waited = Histogram(
            "workqueue_queue_duration_seconds",
            "Time that a key waits",
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
            "Time of a reconcile",
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
            "1 = exists, has too many levels to be read and is passed over",
            ["kind", "namespace", "name"],
            registry=registry,
        )
        self.leading = Gauge(
            "leader_election_master_status", "1 while this replica leads", registry=registry
        )

    def _monitor_metrics(self) -> None:
        monitor, registry = ["namespace", "monitor"], self.registry
        column = [*monitor, "column"]
        self.drift_score = Gauge(
            "plumbline_drift_score", "Population stability index", column, registry=registry
        )
        self.drift_log10_p = Gauge(
            "plumbline_drift_log10_p", "Log10 of the p value", column, registry=registry
        )
        self.drifted = Gauge("plumbline_drift_detected", "1 = drift", monitor, registry=registry)
        self.broken = Gauge("plumbline_data_broken", "1 = broken", monitor, registry=registry)
        self.window_rows = Gauge(
            "plumbline_drift_window_rows", "Rows in the largest window", monitor, registry=registry
        )
        self.rows_lost = Gauge(
            "plumbline_drift_rows_lost", "Rows that went uncounted", monitor, registry=registry
        )
        self._pulls_failed = Counter(
            "plumbline_pulls_failed",
            "Pulls of a serving pod's counts that brought none",
            ["reason"],
            registry=registry,
        )
        self.evaluation_lateness = Gauge(
            "plumbline_evaluation_lateness_seconds",
            "Longest time from new counts to the end of their evaluation, in the last second",
            registry=registry,
        )
        self._monitor_gauges = (
            *(self.drift_score, self.drift_log10_p, self.drifted),
            *(self.broken, self.window_rows, self.rows_lost),
        )

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
        """Count a pull that brought no counts (refused, timeout, http, unreadable)."""
        self._pulls_failed.labels(reason).inc()

    def object_unreadable(self, key: Key, unreadable: bool) -> None:
        """Show an object that has too many levels to be read, for as long as it is so."""
        labels = {"kind": key.resource.kind, "namespace": key.namespace, "name": key.name}
        if unreadable:
            self._unreadable.labels(**labels).set(1)
        else:
            self._unreadable.remove_by_labels(labels)

    def assessed(self, namespace: str, monitor: str, found: Assessment) -> None:
        """Show what a monitor has found."""
        labels = (namespace, monitor)
        self.drifted.labels(*labels).set(found.drifted)
        self.broken.labels(*labels).set(bool(found.broken))
        self.window_rows.labels(*labels).set(found.window_rows)
        self.rows_lost.labels(*labels).set(found.rows_lost)
        for column in found.findings:
            self.drift_score.labels(*labels, column.name).set(column.score)
            self.drift_log10_p.labels(*labels, column.name).set(column.log10_p)

    def monitor_gone(self, namespace: str, monitor: str) -> None:
        """Forget a monitor: what nobody looks at any more must not be shown as if it were so."""
        labels = {"namespace": namespace, "monitor": monitor}
        for gauge in self._monitor_gauges:
            gauge.remove_by_labels(labels)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return bytes(generate_latest(self.registry))
