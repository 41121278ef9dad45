"""A compiled model: loaded from its folder, and ready to predict."""

from pathlib import Path
from typing import Protocol

import numpy as np

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Description
from plumbline.serving.engines.inputs import Columns, Floats, steps, width

# A matrix with more values is made in parts: of one-hot columns it is far larger than the request.
_MOST_VALUES = 4_000_000
DESCRIPTION_LIMIT = 64 * 2**20
_ADVICE = "Delete the pod: a new pod downloads the model again."


class ModelError(Exception):
    """The folder has no model that can be served; the message says what to do."""


class Engine(Protocol):
    """Computes predictions from a matrix."""

    def predict(self, matrix: Floats) -> Floats:
        """Return [rows, outputs]."""


class Model:
    """A compiled model.

    Attributes:
        content: the content of model.json: features and their rules, classes, reference.
    """

    def __init__(self, content: Description, engine: Engine) -> None:
        """Predict with an engine."""
        self.content, self._engine = content, engine
        self._steps = steps(content.inputs)
        self._rows_at_once = max(1, _MOST_VALUES // max(1, width(content.inputs)))

    def predict(self, columns: Columns) -> Floats:
        """Return the predictions of rows.

        Args:
            columns: one array for each feature: floats and NaN, or texts and None, for missing.

        Returns:
            [rows, classes] probabilities of a classification, [rows, 1] values of a regression.
        """
        rows = len(next(iter(columns.values()), ()))
        if rows <= self._rows_at_once:
            return self._predict(columns)
        begins = range(0, rows, self._rows_at_once)
        return np.vstack([self._predict(_some(columns, n, self._rows_at_once)) for n in begins])

    def _predict(self, columns: Columns) -> Floats:
        parts = [step(columns) for step in self._steps]
        return self._engine.predict(parts[0] if len(parts) == 1 else np.hstack(parts))


def _some(columns: Columns, begin: int, rows: int) -> Columns:
    return {name: values[begin : begin + rows] for name, values in columns.items()}


def load(folder: Path) -> Model:
    """Return the model in a folder.

    Raises:
        ModelError: files are missing or damaged, or have another format.
    """
    content = _description(folder)
    try:
        return Model(content, _engine(folder, content))
    except Exception as error:
        message = f"The model in {folder} cannot be loaded: {str(error)[:300].rstrip('. ')}."
        raise ModelError(f"{message} {_ADVICE}") from error


def _description(folder: Path) -> Description:
    path = folder / layout.MODEL_FILE
    try:
        if path.stat().st_size > DESCRIPTION_LIMIT:
            message = f"{path} is larger than {DESCRIPTION_LIMIT >> 20} MiB."
            raise ModelError(f"{message} Train a model with fewer features or classes.")
        return model_json.read(path.read_bytes())
    except model_json.UnreadableModel as error:
        raise ModelError(f"{path} cannot be used: {error}.") from error
    except OSError as error:
        problem = (error.strerror or "it cannot be opened").lower()
        raise ModelError(f"{path} cannot be read: {problem}. {_ADVICE}") from error


def _engine(folder: Path, content: Description) -> Engine:
    engine = content.engine
    if isinstance(engine, model_json.Linear):
        from plumbline.serving.engines.linear import Linear

        return Linear(folder, engine.link)
    from plumbline.serving.engines.trees import Trees

    classes = len(content.classes or ())
    return Trees(folder, cast=engine.cast, classes=classes, link=engine.link)
