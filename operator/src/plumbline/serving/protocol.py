"""Open Inference Protocol v2 over JSON: the form of requests and of metadata.

https://github.com/kserve/open-inference-protocol has the specification.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from plumbline.contract.model_json import Description, engine_name
from plumbline.serving.errors import RequestError


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


# A list takes many times its JSON's size in memory, so large bodies may have only so many lists.
LARGE_BYTES, MOST_LISTS = 2**20, 1_000_000
_decoder = msgspec.json.Decoder(InferRequest)


def parse(body: bytes) -> InferRequest:
    """Return the request in a body.

    Raises:
        RequestError: it is not JSON, or does not have the form of the protocol.
    """
    if len(body) > LARGE_BYTES and body.count(b"[") + body.count(b"{") > MOST_LISTS:
        message = (
            f"The body has more than {MOST_LISTS} lists. Send the values of a tensor in one list."
        )
        raise RequestError(message)
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RequestError(
            f"The request is not valid in the Open Inference Protocol v2: {error}."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        has_nan = b"NaN" in body or b"Infinity" in body
        hint = " Write null for missing numbers." if has_nan else ""
        raise RequestError(f"The body is not JSON: {error}.{hint}") from error


def some(names: Iterable[str]) -> str:
    """Return the first names of a client's list, short enough for a message."""
    found = list(names)
    return ", ".join(map(short, found[:10])) + (", ..." if len(found) > 10 else "")


def repeated(names: Iterable[str]) -> str:
    """Return the name that comes most often in a client's list."""
    return Counter(names).most_common(1)[0][0]


def short(word: str) -> str:
    """Return a client's text in quotes, short enough for a message."""
    return repr(word if len(word) <= 100 else f"{word[:100]}...")


def metadata(
    name: str, version: str, content: Description, outputs: Mapping[str, str]
) -> dict[str, Any]:
    """Return a model's metadata.

    Args:
        name: of the model.
        version: of the model.
        content: the model's description.
        outputs: datatype of each output; the first has one value for each row, others one for each
            row and class.
    """
    kinds = {"category": "BYTES", "boolean": "BOOL"}
    inputs = [
        {"name": each.name, "datatype": kinds.get(each.type, "FP64"), "shape": [-1]}
        for each in content.features
    ]
    answers = [
        {"name": each, "datatype": datatype, "shape": [-1, -1] if place else [-1]}
        for place, (each, datatype) in enumerate(outputs.items())
    ]
    described = {
        "name": name,
        "versions": [version],
        "platform": f"plumbline_{engine_name(content.engine)}",
        "inputs": inputs,
        "outputs": answers,
    }
    return {**described, "parameters": _classes(content.classes)} if content.classes else described


def _classes(classes: Sequence[Any]) -> dict[str, Any]:
    """Return the classes in the order of their probabilities, and the positive one of two."""
    positive = {"positive_class": classes[1]} if len(classes) == 2 else {}
    return {"classes": list(classes), **positive}
