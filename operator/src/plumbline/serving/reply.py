"""The canary's answer to a forwarded request, which is checked before the client gets it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from plumbline.serving.protocol import InferRequest

# The canary's time without the forwarding, which would distort the comparison of latencies: after
# the promotion, nothing is forwarded.
OWN_SECONDS, MODEL = "x-plumbline-seconds", "x-plumbline-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedRequest:
    """A request as it can be forwarded.

    Attributes:
        request: the parsed body.
        rows: number of rows.
        outputs: the outputs that the answer must have.
        seconds: the time that the stable server needs for reading and answering so many rows.
    """

    path: str
    body: bytes
    request: InferRequest
    rows: int
    outputs: tuple[str, ...]
    seconds: float


class _Output(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class _Answer(msgspec.Struct):
    model_name: str
    outputs: list[_Output]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The canary's answer.

    Attributes:
        content: the body of the answer, unchanged.
        id: of the request.
        model: which model answered.
        seconds: the time that the canary reports; None if it reports none.
    """

    content: bytes
    id: str
    model: str
    seconds: float | None


_decoder = msgspec.json.Decoder(_Answer)


def read(content: bytes, headers: Mapping[str, str], forwarded: ForwardedRequest) -> Reply | None:
    """Return the canary's reply, or None when it does not answer the request."""
    try:
        answer = _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not _fits(answer, forwarded):
        return None
    return Reply(
        content=content,
        id=answer.id,
        model=headers.get(MODEL, ""),
        seconds=_seconds(headers.get(OWN_SECONDS, "")),
    )


def _fits(answer: _Answer, forwarded: ForwardedRequest) -> bool:
    """Whether the answer has the id of the request, and all outputs with all rows."""
    if forwarded.request.id is not None and answer.id != forwarded.request.id:
        return False
    found = {output.name: output for output in answer.outputs}
    return set(forwarded.outputs) <= set(found) and all(
        output.shape[:1] == [forwarded.rows]
        and min(output.shape) > 0
        and math.prod(output.shape) == len(output.data)
        for output in found.values()
    )


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
