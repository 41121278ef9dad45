"""Runs the model: a fast one directly, a slow one in a thread with a short queue.

The event loop must not wait for a slow model, because all other requests would wait too.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract.model_json import Feature, Sample
from plumbline.serving.engines import Model, ModelError
from plumbline.serving.errors import RequestError

INLINE_SECONDS, WAITING_SECONDS = 0.0003, 5.0
MEASURED_ROWS = 50
TOLERANCE = 1e-9
Columns = dict[str, NDArray[Any]]


class Predictor:
    """A model and the way to run it."""

    def __init__(self, model: Model) -> None:
        """Measure how long the model takes, which decides whether the thread is needed."""
        self.model = model
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._waiting = 0.0
        self._first_seconds, self._further_seconds = _measured(model)

    def expected(self, rows: int) -> float:
        """Return the seconds that the model takes for so many rows."""
        return self._first_seconds + self._further_seconds * (rows - 1)

    async def predict(self, columns: Columns, rows: int) -> NDArray[np.float64]:
        """Return the predictions.

        Raises:
            RequestError: the requests in the queue already take too long.
        """
        if self._first_seconds * (1 + rows / 8) < INLINE_SECONDS:
            return self.model.predict(columns)
        seconds = self.expected(rows)
        if self._waiting >= WAITING_SECONDS:
            message = "Too many requests are waiting; try again in a second."
            raise RequestError(message, status=503, headers={b"retry-after": b"1"})
        self._waiting += seconds
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self.model.predict, columns)
        finally:
            self._waiting -= seconds


def _measured(model: Model) -> tuple[float, float]:
    """Return the seconds that the first row takes, and each further row."""
    columns = sample_columns(model)
    if columns is None:
        return INLINE_SECONDS, INLINE_SECONDS
    first = _best(model, {name: values[:1] for name, values in columns.items()})
    many = {name: np.resize(values, MEASURED_ROWS) for name, values in columns.items()}
    return first, max(0.0, (_best(model, many) - first) / (MEASURED_ROWS - 1))


def _best(model: Model, columns: Columns) -> float:
    """Return the seconds that rows take: the shortest of five times."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        model.predict(columns)
        times.append(time.perf_counter() - started)
    return min(times)


def check_sample(model: Model) -> None:
    """Check that the model gives the same predictions of its sample as when it was compiled.

    Raises:
        ModelError: they differ.
    """
    columns = sample_columns(model)
    if columns is None:
        return
    sample = model.content.sample or Sample()
    expected = np.array(sample.outputs, dtype=np.float64)
    found = model.predict(columns).reshape(expected.shape)
    worst = float(np.abs(found - expected).max(initial=0.0) / max(1.0, np.abs(expected).max()))
    if not worst <= TOLERANCE:
        problem = (
            f"This server predicts other values than at training time (difference {worst:.3g})"
        )
        advice = "Create a new TrainingRun, with images of one version"
        raise ModelError(f"{problem}, so the model is not served. {advice}.")


def sample_columns(model: Model, limit: int | None = None) -> Columns | None:
    """Return the sample's rows as columns; None when there is no sample."""
    rows = model.content.sample.inputs if model.content.sample else []
    if not rows:
        return None
    return {
        feature.name: _column([_cell(row, n, feature.name) for row in rows[:limit]], feature)
        for n, feature in enumerate(model.content.features)
    }


def _cell(row: Any, number: int, name: str) -> Any:
    return row[name] if isinstance(row, dict) else row[number]


def _column(values: list[Any], feature: Feature) -> NDArray[Any]:
    if feature.type == "category":
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return found
    return np.array(values, dtype=np.float64)
