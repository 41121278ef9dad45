"""One monitor, and the counts of the model that it watches."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.live.detector import DetectorState, DriftDetector, recovered
from plumbline.live.observations import Assessment
from plumbline.live.windows import BucketedCounts
from plumbline.stats.bins import ColumnBins
from plumbline.stats.count import count

from tests.unit.live.wire import span


def monitor(columns: Iterable[str] = (), **status: object) -> DriftMonitor:
    spec = {"deploymentRef": {"name": "m"}, "columns": list(columns)}
    found = {"metadata": {"name": "m", "namespace": "n"}, "spec": spec, "status": status}
    return DriftMonitor.model_validate(found)


class Watching:
    """A detector with its state, and what has come."""

    def __init__(self, *bins: ColumnBins | None, stored: DriftMonitor | None = None) -> None:
        self.counts = BucketedCounts([each.to_json() for each in bins if each is not None])
        self.resume(stored or monitor())

    def resume(self, monitor: DriftMonitor) -> None:
        self.state = DetectorState.resumed(monitor)
        self.detector = DriftDetector.of(monitor, "model", self.counts.layout)

    def comes(self, second: int, batch: Mapping[str, np.ndarray[Any, Any]], **broken: int) -> None:
        """Let a batch of rows come."""
        rows = len(next(iter(batch.values())))
        self.counts.add([span(second, rows, count(self.counts.layout, batch), **broken)])

    def evaluate(self, second: int) -> Assessment:
        evidence = self.counts.evidence(second, since=recovered(self.state, second))
        self.state, found = self.detector.evaluate(self.state, evidence)
        return found
