"""Open Inference Protocol v2 over JSON: requests into columns, answers into JSON.

https://github.com/kserve/open-inference-protocol says what a server must do. Columns come as one
tensor each, or as one two-dimensional tensor when every feature is a number.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from plumbline.serving.errors import RequestError

NUMBERS = {"FP16", "FP32", "FP64"} | {f"{u}INT{b}" for u in ("", "U") for b in (8, 16, 32, 64)}
DATATYPES = NUMBERS | {"BOOL", "BYTES"}
MAX_ROWS = 100_000
Columns = dict[str, NDArray[Any]]


class Tensor(msgspec.Struct):
    """A named tensor of a request."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] | None = None


class Output(msgspec.Struct):
    """An output that the client asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct):
    """A request for inference."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[Output] | None = None


_decoder = msgspec.json.Decoder(InferRequest)


def parse(body: bytes) -> InferRequest:
    """Return the request in a body.

    Raises:
        RequestError: it is not JSON or not of the protocol's form.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RequestError(f"the request is not of the protocol's form: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}") from error


class Reader:
    """Reads a model's columns out of requests."""

    def __init__(self, features: Sequence[Mapping[str, Any]]) -> None:
        """Expect these features."""
        self._features = {feature["name"]: feature for feature in features}
        self._numeric = all(feature["type"] != "category" for feature in features)

    def columns(self, request: InferRequest) -> tuple[Columns, int]:
        """Return one array a feature, and the number of rows.

        Raises:
            RequestError: a tensor is missing, unknown or does not fit.
        """
        if self._is_matrix(request.inputs):
            return self._from_matrix(request.inputs[0])
        given = {tensor.name: tensor for tensor in request.inputs}
        self._check_names(given, len(request.inputs))
        rows = _rows(request.inputs[0])
        return {name: self._column(given[name], rows) for name in self._features}, rows

    def _is_matrix(self, inputs: list[Tensor]) -> bool:
        return len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] != 1

    def _from_matrix(self, tensor: Tensor) -> tuple[Columns, int]:
        wanted = len(self._features)
        if not self._numeric:
            raise RequestError(
                f"input {tensor.name!r}: this model has text features: send one tensor each"
            )
        if tensor.shape[1] != wanted:
            raise RequestError(
                f"input {tensor.name!r} has {tensor.shape[1]} columns, the model has {wanted} "
                f"features: {', '.join(self._features)}"
            )
        rows = _rows(tensor)
        values = _numbers(tensor, _flat(tensor, rows * wanted)).reshape(rows, wanted)
        return {name: values[:, n] for n, name in enumerate(self._features)}, rows

    def _check_names(self, given: Mapping[str, Tensor], count: int) -> None:
        if missing := [name for name in self._features if name not in given]:
            raise RequestError(
                f"{len(missing)} of {len(self._features)} inputs are missing: {_some(missing)}"
            )
        if unknown := [name for name in given if name not in self._features]:
            raise RequestError(f"unknown inputs: {_some(unknown)}; leave them out")
        if count != len(given):
            raise RequestError("an input is given twice; send each feature once")

    def _column(self, tensor: Tensor, rows: int) -> NDArray[Any]:
        if _rows(tensor) != rows:
            raise RequestError(
                f"input {tensor.name!r} has shape {tensor.shape}, others have {rows} rows"
            )
        values = _flat(tensor, rows)
        if self._features[tensor.name]["type"] == "category":
            return _texts(tensor, values)
        return _numbers(tensor, values)


def _rows(tensor: Tensor) -> int:
    """Return the rows of a tensor: [rows] or [rows, columns]."""
    if tensor.datatype not in DATATYPES:
        raise RequestError(f"input {tensor.name!r} has unknown datatype {tensor.datatype!r}")
    if len(tensor.shape) not in (1, 2) or min(tensor.shape) < 1:
        raise RequestError(f"input {tensor.name!r} has shape {tensor.shape}, not [rows]")
    if tensor.shape[0] > MAX_ROWS:
        raise RequestError(f"input {tensor.name!r} has more than {MAX_ROWS} rows", status=413)
    return tensor.shape[0]


def _flat(tensor: Tensor, size: int) -> list[Any]:
    values: list[Any] = tensor.data
    while values and isinstance(values[0], list):
        values = [one for row in values for one in (row if isinstance(row, list) else [row])]
    if len(values) != size:
        raise RequestError(
            f"input {tensor.name!r} has {len(values)} values, shape {tensor.shape} needs {size}"
        )
    return values


def _numbers(tensor: Tensor, values: list[Any]) -> NDArray[np.float64]:
    if tensor.datatype == "BYTES":
        raise RequestError(f"input {tensor.name!r} is a number; datatype BYTES does not fit")
    if any(isinstance(value, str | list | dict) for value in values):
        raise RequestError(f"input {tensor.name!r} holds something that is not a number")
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(f"input {tensor.name!r} does not fit a number: {error}") from error


def _texts(tensor: Tensor, values: list[Any]) -> NDArray[Any]:
    if tensor.datatype != "BYTES":
        raise RequestError(f"input {tensor.name!r} is text; use datatype BYTES")
    if any(not (value is None or isinstance(value, str)) for value in values):
        raise RequestError(f"input {tensor.name!r} holds something that is not text")
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _some(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(repr(name) for name in found[:10]) + (", ..." if len(found) > 10 else "")


class Writer:
    """Writes a model's answers."""

    def __init__(self, *, name: str, version: str, classes: Sequence[Any] | None) -> None:
        """Answer as model `name`."""
        self._name, self._version, self._classes = name, version, classes
        self.outputs = ["predict", "predict_proba"] if classes else ["predict"]

    def answer(self, request: InferRequest, found: NDArray[np.float64], *, id_: str) -> bytes:
        """Return the body of an answer.

        Raises:
            RequestError: the client asks for an output that the model does not have.
        """
        wanted = [output.name for output in request.outputs or ()] or self.outputs
        if unknown := [name for name in wanted if name not in self.outputs]:
            raise RequestError(f"unknown outputs: {_some(unknown)}; there are {self.outputs}")
        body = {
            "model_name": self._name,
            "model_version": self._version,
            "id": id_,
            "outputs": [self._output(name, found) for name in wanted],
        }
        return msgspec.json.encode(body)

    def _output(self, name: str, found: NDArray[np.float64]) -> dict[str, Any]:
        rows = len(found)
        if name == "predict_proba":
            shape = [rows, found.shape[1]]
            return {
                "name": name,
                "shape": shape,
                "datatype": "FP64",
                "data": found.ravel().tolist(),
            }
        if self._classes is None:
            data: list[Any] = found[:, 0].tolist()
            return {"name": name, "shape": [rows], "datatype": "FP64", "data": data}
        data = [self._classes[n] for n in found.argmax(axis=1).tolist()]
        return {"name": name, "shape": [rows], "datatype": self.label_type, "data": data}

    @property
    def label_type(self) -> str:
        """Datatype of a class."""
        first = self._classes[0] if self._classes else 0.0
        if isinstance(first, bool):
            return "BOOL"
        return {int: "INT64", str: "BYTES"}.get(type(first), "FP64")


def metadata(
    name: str, version: str, features: Sequence[Mapping[str, Any]], writer: Writer, engine: str
) -> dict[str, Any]:
    """Return a model's metadata."""
    kinds = {"category": "BYTES", "boolean": "BOOL"}
    inputs = [
        {"name": f["name"], "datatype": kinds.get(f["type"], "FP64"), "shape": [-1]}
        for f in features
    ]
    types = {"predict": (writer.label_type, [-1]), "predict_proba": ("FP64", [-1, -1])}
    outputs = [
        {"name": each, "datatype": types[each][0], "shape": types[each][1]}
        for each in writer.outputs
    ]
    return {
        "name": name,
        "versions": [version],
        "platform": f"plumbline_{engine}",
        "inputs": inputs,
        "outputs": outputs,
    }
