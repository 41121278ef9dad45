"""From requests to columns.

A request has one tensor for each column or, if all features are numbers, one matrix.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from plumbline.contract.model_json import Feature
from plumbline.serving.errors import RequestError
from plumbline.serving.protocol import InferRequest, Tensor, repeated, short, some
from plumbline.serving.tensors import flat, numbers, rows_of, texts

Columns = dict[str, NDArray[Any]]


class Reader:
    """Reads the columns of a model from requests."""

    def __init__(self, features: Sequence[Feature]) -> None:
        """Expect these features."""
        self._features = {feature.name: feature for feature in features}
        self._numeric = all(feature.type != "category" for feature in features)

    def columns(self, request: InferRequest) -> tuple[Columns, int]:
        """Return one array a feature, and the number of rows.

        Raises:
            RequestError: a tensor is missing, unknown or does not fit.
        """
        if _is_matrix(request.inputs):
            return self._from_matrix(request.inputs[0])
        given = {tensor.name: tensor for tensor in request.inputs}
        self._check_names(given, request.inputs)
        rows = rows_of(request.inputs[0])
        return {name: self._column(given[name], rows) for name in self._features}, rows

    def _from_matrix(self, tensor: Tensor) -> tuple[Columns, int]:
        wanted, name = len(self._features), short(tensor.name)
        if not self._numeric:
            message = f"Input {name} is a matrix, but the model has text features"
            raise RequestError(f"{message}. Send one tensor for each feature.")
        rows = rows_of(tensor)
        if tensor.shape[1] != wanted:
            raise RequestError(
                f"Input {name} has {tensor.shape[1]} columns; the model has {wanted} "
                f"features: {some(self._features)}."
            )
        values = numbers(tensor, flat(tensor)).reshape(rows, wanted)
        return {name: values[:, n] for n, name in enumerate(self._features)}, rows

    def _check_names(self, given: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> None:
        if missing := [name for name in self._features if name not in given]:
            verb = "is" if len(missing) == 1 else "are"
            share = f"{len(missing)} of {len(self._features)} inputs"
            raise RequestError(f"{share} {verb} missing: {some(missing)}.")
        if unknown := [name for name in given if name not in self._features]:
            raise RequestError(f"Unknown inputs: {some(unknown)}. Leave them out.")
        if len(inputs) != len(given):
            twice = short(repeated(tensor.name for tensor in inputs))
            raise RequestError(f"Input {twice} is given twice. Send each feature once.")

    def _column(self, tensor: Tensor, rows: int) -> NDArray[Any]:
        if rows_of(tensor) != rows:
            name = short(tensor.name)
            message = f"Input {name} has {tensor.shape[0]} rows, but the first input has {rows}."
            raise RequestError(message)
        if tensor.shape[1:] not in ([], [1]):
            shape = f"Input {short(tensor.name)} has shape {tensor.shape}"
            raise RequestError(f"{shape}. It must be [{rows}] or [{rows}, 1].")
        read = texts if self._features[tensor.name].type == "category" else numbers
        return read(tensor, flat(tensor))


def _is_matrix(inputs: Sequence[Tensor]) -> bool:
    return len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] != 1
