"""Quantities are written as in any other Kubernetes object."""

import re

import pytest
from plumbline.api.quantities import Resources
from pydantic import ValidationError

from hack.generate import crd
from hack.generate.chart_values import ResourceList


def test_a_whole_number_needs_no_quotes() -> None:
    assert Resources.model_validate({"cpu": 2}).cpu == "2"


@pytest.mark.parametrize(
    "text", ["2", "500m", "0.5", ".5", "1Gi", "1.5Gi", "2e3", "1E", "128974848"]
)
def test_what_kubernetes_takes_is_taken(text: str) -> None:
    assert Resources.model_validate({"memory": text}).memory == text


@pytest.mark.parametrize("wrong", ["", "two", "1 Gi", "1GB", "-1", -1, True, "1Gi\n"])
def test_what_is_no_amount_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Resources.model_validate({"memory": wrong})


def test_the_crd_says_integer_or_string_with_a_pattern() -> None:
    (template,) = (d for d in crd.definitions() if d["spec"]["names"]["kind"] == "TrainingTemplate")
    spec = template["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    cpu = spec["properties"]["resources"]["properties"]["cpu"]
    assert cpu["x-kubernetes-int-or-string"] is True
    assert "type" not in cpu
    assert re.match(cpu["pattern"], cpu["default"])


@pytest.mark.parametrize("amount", [2, 0.5, "500m"])
def test_the_charts_values_take_numbers_too(amount: object) -> None:
    assert ResourceList.model_validate({"cpu": amount}).cpu == amount
