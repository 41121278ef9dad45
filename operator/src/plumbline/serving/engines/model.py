"""A compiled model directory as something that answers."""

from pathlib import Path
from typing import Protocol

import numpy as np

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Description
from plumbline.serving.engines.inputs import Columns, Floats, steps

DESCRIPTION_LIMIT = 64 * 2**20


class ModelError(Exception):
    """The directory holds no model that can be served; the message says what to do."""


class Engine(Protocol):
    """What turns a matrix into answers."""

    def predict(self, matrix: Floats) -> Floats:
        """Return [rows, outputs]."""


class Model:
    """A compiled model.

    Attributes:
        content: what model.json says: features with their declared rules, classes, reference.
    """

    def __init__(self, content: Description, engine: Engine) -> None:
        """Answer with an engine."""
        self.content, self._engine = content, engine
        self._steps = steps(content.inputs)

    def predict(self, columns: Columns) -> Floats:
        """Return the answers to rows.

        Args:
            columns: one array a feature: floats with NaN for missing, or texts with None.

        Returns:
            [rows, classes] probabilities of a classification, [rows, 1] values of a regression.
        """
        parts = [step(columns) for step in self._steps]
        return self._engine.predict(parts[0] if len(parts) == 1 else np.hstack(parts))


def load(folder: Path) -> Model:
    """Return the model in a directory.

    Raises:
        ModelError: files are missing or damaged, or of another format.
    """
    content = _description(folder)
    try:
        return Model(content, _engine(folder, content))
    except Exception as error:
        raise ModelError(f"{folder}: the model cannot be loaded: {error!r}; fetch again") from error


def _description(folder: Path) -> Description:
    path = folder / layout.MODEL_FILE
    try:
        if path.stat().st_size > DESCRIPTION_LIMIT:
            raise ModelError(f"{path} is larger than {DESCRIPTION_LIMIT} bytes")
        return model_json.read(path.read_bytes())
    except model_json.Unreadable as error:
        raise ModelError(f"{path}: {error}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}; fetch the model again") from error


def _engine(folder: Path, content: Description) -> Engine:
    engine = content.engine
    if isinstance(engine, model_json.Linear):
        from plumbline.serving.engines.linear import Linear

        return Linear(folder, engine.link)
    from plumbline.serving.engines.trees import Trees

    classes = len(content.classes or ())
    return Trees(folder, file=engine.file, cast=engine.cast, classes=classes, link=engine.link)
