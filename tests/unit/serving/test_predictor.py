"""A model that is slow answers whatever it can in time, and refuses the rest at once."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from plumbline.contract.model_json import NumberInput, Sample
from plumbline.serving.engines import Model
from plumbline.serving.errors import RequestError
from plumbline.serving.predictor import WAITING_SECONDS, Predictor
from plumbline.serving.tensors import MAX_ROWS

from tests.unit.contract.descriptions import described

FEW = 20

NUMBER = replace(described([{"name": "x", "type": "number"}], []), inputs=[NumberInput("x")])


class Held:
    """An engine that answers nothing until it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def predict(self, matrix: Any) -> Any:
        self.free.wait(30)
        return np.asarray(matrix)


@pytest.fixture
def held() -> Iterator[Held]:
    """Return an engine that is let go at the latest when the test ends."""
    engine = Held()
    yield engine
    engine.free.set()


class Quick:
    """An engine that takes a while for a call, and nothing for further rows."""

    def predict(self, matrix: Any) -> Any:
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        return np.asarray(matrix)[:, :1]


def test_many_rows_are_not_thought_to_take_as_long_as_many_calls() -> None:
    one = replace(NUMBER, sample=Sample(inputs=[[1.0]]))
    quick = Predictor(Model(one, Quick()))
    assert 0.001 <= quick.expected(1) <= quick.expected(MAX_ROWS) < WAITING_SECONDS


def predictor(engine: Held) -> Predictor:
    return Predictor(Model(NUMBER, engine))


def rows(number: int) -> Mapping[str, Any]:
    return {"x": np.zeros(number)}


async def test_hundreds_of_clients_that_ask_for_little_are_all_answered(held: Held) -> None:
    slow = predictor(held)
    asked = [asyncio.create_task(slow.predict(dict(rows(FEW)), FEW)) for _ in range(300)]
    asyncio.get_running_loop().call_soon(held.free.set)
    assert {len(found) for found in await asyncio.gather(*asked)} == {FEW}


async def test_who_would_wait_too_long_is_refused_at_once_and_others_later_are_not(
    held: Held,
) -> None:
    slow = predictor(held)
    long = asyncio.create_task(slow.predict(dict(rows(MAX_ROWS)), MAX_ROWS))
    await asyncio.sleep(0)
    with pytest.raises(RequestError, match="try again") as caught:
        await slow.predict(dict(rows(FEW)), FEW)
    assert caught.value.status == 503
    held.free.set()
    assert len(await long) == MAX_ROWS
    assert len(await slow.predict(dict(rows(FEW)), FEW)) == FEW
