"""The answers of a model in the form of the protocol."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.serving.errors import RequestError
from plumbline.serving.protocol import InferRequest, repeated, short, some


class Writer:
    """Writes the answers of a model.

    Attributes:
        outputs: datatype of each output.
    """

    def __init__(self, *, name: str, version: str, classes: Sequence[Any] | None) -> None:
        """Answer as model `name`."""
        self._name, self._version, self._classes = name, version, classes
        self.outputs = {"predict": _datatype(classes)} | (
            {"predict_proba": "FP64"} if classes else {}
        )

    def wanted(self, request: InferRequest) -> tuple[str, ...]:
        """Return the outputs that the client requests; all if it names none.

        Raises:
            RequestError: an output does not exist, or is requested twice.
        """
        wanted = [output.name for output in request.outputs or ()]
        if unknown := [name for name in wanted if name not in self.outputs]:
            known = ", ".join(self.outputs)
            raise RequestError(f"Unknown outputs: {some(unknown)}. The outputs are {known}.")
        if len(wanted) > len(self.outputs):
            twice = short(repeated(wanted))
            raise RequestError(f"Output {twice} is requested twice. Name each output once.")
        return tuple(wanted or self.outputs)

    def answer(self, wanted: Sequence[str], found: NDArray[np.float64], *, id_: str) -> bytes:
        """Return the body of an answer with the requested outputs."""
        body = {
            "model_name": self._name,
            "model_version": self._version,
            "id": id_,
            "outputs": [self._output(name, found) for name in wanted],
        }
        return msgspec.json.encode(body)

    def _output(self, name: str, found: NDArray[np.float64]) -> dict[str, Any]:
        shape = [len(found)]
        if name == "predict_proba":
            shape, data = list(found.shape), found.ravel().tolist()
        elif self._classes is None:
            data = found[:, 0].tolist()
        else:
            data = self._labels(found, self._classes)
        return {"name": name, "shape": shape, "datatype": self.outputs[name], "data": data}

    def _labels(self, found: NDArray[np.float64], classes: Sequence[Any]) -> list[Any]:
        """Return the likeliest class of each row; None where the probabilities are NaN."""
        likeliest = found.argmax(axis=1).tolist()
        pairs = zip(found.tolist(), likeliest, strict=True)
        return [classes[n] if row[n] == row[n] else None for row, n in pairs]


def _datatype(classes: Sequence[Any] | None) -> str:
    """Return the datatype of a class, or of a value."""
    first = classes[0] if classes else 0.0
    if isinstance(first, bool):
        return "BOOL"
    return {int: "INT64", str: "BYTES"}.get(type(first), "FP64")
