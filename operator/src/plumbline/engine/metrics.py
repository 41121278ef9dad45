"""The measurements of the engine. The shell turns them into metrics; tests ignore them."""

from typing import Protocol


class QueueMetrics(Protocol):
    """Receives measurements of the queue."""

    def queue_depth(self, depth: int) -> None:
        """Set how many keys wait (workqueue_depth)."""

    def queue_added(self) -> None:
        """Count a key that was added (workqueue_adds_total)."""

    def queue_waited(self, seconds: float) -> None:
        """Record how long a key has waited (workqueue_queue_duration_seconds)."""


class ReconcileMetrics(Protocol):
    """Receives measurements of reconciles."""

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Record the result of a reconcile and how long it took (controller_runtime_reconcile).

        The result is success, requeue_after or error.
        """


class Metrics(QueueMetrics, ReconcileMetrics, Protocol):
    """Receives all measurements."""


class NoMetrics:
    """Ignores all measurements."""

    def queue_depth(self, depth: int) -> None:
        """Ignore how many keys wait."""

    def queue_added(self) -> None:
        """Ignore that a key was added."""

    def queue_waited(self, seconds: float) -> None:
        """Ignore how long a key has waited."""

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Ignore a reconcile."""
