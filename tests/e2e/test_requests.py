"""Wrong requests get an answer that says what is wrong, and the server answers on."""

from typing import Any

import pytest

from tests.e2e import objects
from tests.e2e.cluster import Object, address, call, pour
from tests.e2e.conftest import Model

pytestmark = pytest.mark.cluster


def changed(input_: int, **fields: Any) -> Object:
    request = objects.question()
    request["inputs"][input_] |= fields
    return request


def few() -> Object:
    return {"inputs": objects.question()["inputs"][:2]}


WRONG = {
    "shape": (changed(0, shape=[3]), 400, "shape [3] needs 3"),
    "type": (changed(1, datatype="BYTES", data=["much"]), 400, "'load' needs numbers, not BYTES"),
    "text": (changed(2, datatype="FP64", data=[1.0]), 400, "'site' is a text feature"),
    "features": (few(), 400, "1 of 3 inputs is missing: 'site'"),
    "json": (b"<heat>31</heat>", 400, "not JSON"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_request_is_explained_and_harms_nobody(model: Model, wrong: str) -> None:
    body, status, words = WRONG[wrong]
    found, answer = call(model.url, body)
    assert found == status
    assert words in answer["error"]
    assert model.answers()


def test_a_model_that_is_not_here_is_not_found(model: Model) -> None:
    found, answer = call(f"{address(model.name)}/v2/models/other/infer", objects.question())
    assert found == 404
    assert "Unknown model 'other'" in answer["error"]
    assert model.answers()


def test_a_body_of_50_mb_is_refused_before_it_is_read(model: Model) -> None:
    found, answer = pour(model.url, 50 << 20)
    assert found == 413
    assert "larger than" in answer["error"]
    assert model.answers()
