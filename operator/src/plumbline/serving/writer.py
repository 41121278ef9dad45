"""Answers of a model in the protocol's form."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.serving.errors import RequestError
from plumbline.serving.protocol import InferRequest, some


class Writer:
    """Writes a model's answers.

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
        """Return the outputs that the client asks for; all when it names none.

        Raises:
            RequestError: there is no such output, or the client wants one twice.
        """
        wanted = [output.name for output in request.outputs or ()]
        if unknown := [name for name in wanted if name not in self.outputs]:
            raise RequestError(f"unknown outputs: {some(unknown)}; there are {list(self.outputs)}")
        if len(wanted) > len(self.outputs):
            raise RequestError("an output is asked for twice; name each once")
        return tuple(wanted or self.outputs)

    def answer(self, wanted: Sequence[str], found: NDArray[np.float64], *, id_: str) -> bytes:
        """Return the body of an answer with the outputs that are wanted."""
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
        """Return the likeliest class of each row; None where the model knows no probability."""
        likeliest = found.argmax(axis=1).tolist()
        pairs = zip(found.tolist(), likeliest, strict=True)
        return [classes[n] if row[n] == row[n] else None for row, n in pairs]


def _datatype(classes: Sequence[Any] | None) -> str:
    """Return the datatype of a class, or of a value."""
    first = classes[0] if classes else 0.0
    if isinstance(first, bool):
        return "BOOL"
    return {int: "INT64", str: "BYTES"}.get(type(first), "FP64")
