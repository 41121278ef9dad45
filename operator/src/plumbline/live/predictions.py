"""The predictions of one model since a step of a rollout began, summed over its pods."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from plumbline.contract.control import Span
from plumbline.stats.bins import PREDICTION, ColumnBins, Layout
from plumbline.stats.predictions import Predictions


class PredictionCounts:
    """Counts of predictions by cell; none if the model's reference has no predictions."""

    def __init__(self, reference: Iterable[Mapping[str, Any]], *, since: int) -> None:
        """Count in the cells of the model's reference, from the second after `since`."""
        self._layout, self._since = (
            Layout([ColumnBins.from_json(each) for each in reference]),
            since,
        )
        self._counts = self._layout.zeros()
        self._through: dict[str, int] = {}
        self._fits = True

    def since(self, pod: str) -> int:
        """Return the last second that a pod has reported."""
        return self._through.get(pod, self._since)

    def add(self, pod: str, spans: Iterable[Span], *, through: int) -> None:
        """Add the report of a pod, up to a second."""
        # Longer spans have older rows, which a pod reports again after a restart of the operator.
        new = [span for span in spans if span.length == 1 and span.start > self._since]
        self._through[pod] = through
        self._fits &= all(max(span.cells, default=0) < self._layout.size for span in new)
        for span in new if self._fits else ():
            self._counts[span.cells] += np.array(span.counts, dtype=np.int64)

    def predictions(self) -> Predictions | None:
        """Return them; None if they are not counted, or in other cells than the reference has."""
        cells, values = self._layout.slices.get(PREDICTION), self._layout.values.get(PREDICTION)
        if cells is None or not self._fits:
            return None
        column = next(each for each in self._layout.columns if each.name == PREDICTION)
        return Predictions(
            column=column,
            cells=self._counts[cells].copy(),
            values=self._counts[values or slice(0)].copy(),
        )
