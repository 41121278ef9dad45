"""What the machine tells of itself; the shell turns it into metrics, tests into nothing."""

from typing import Protocol


class QueueMetrics(Protocol):
    """Who is told of the queue."""

    def queue_depth(self, depth: int) -> None:
        """Take in how many keys wait (workqueue_depth)."""

    def queue_added(self) -> None:
        """Take in that a key was added (workqueue_adds_total)."""

    def queue_waited(self, seconds: float) -> None:
        """Take in how long a key has waited (workqueue_queue_duration_seconds)."""


class ReconcileMetrics(Protocol):
    """Who is told of reconciles."""

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Take in a reconcile, how it ended and how long it took (controller_runtime_reconcile).

        The result is success, requeue_after or error.
        """


class Metrics(QueueMetrics, ReconcileMetrics, Protocol):
    """Who is told of everything."""


class Silent:
    """Tells nobody."""

    def queue_depth(self, depth: int) -> None:
        """Take in how many keys wait."""

    def queue_added(self) -> None:
        """Take in that a key was added."""

    def queue_waited(self, seconds: float) -> None:
        """Take in how long a key has waited."""

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """Take in a reconcile."""
