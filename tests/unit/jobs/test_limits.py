"""A limit is the number that people wrote, whatever precision a file or a client has."""

import numpy as np
import polars as pl
import pytest
from plumbline.contract.limits import widened
from plumbline.contract.model_json import Feature
from plumbline.serving.rules import Rules

from tests.unit.jobs.pods import Pods
from tests.unit.jobs.test_odd_files import PARQUET, schema

LIMITS = [0.1, 0.7, 1e-3, 0.3, 123.456, 0.123456789, 99.99, -0.1]


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_value_at_its_limit_passes_in_a_file_of_any_precision(
    pod: Pods, limit: float, dtype: type[pl.DataType]
) -> None:
    rules = schema(a="number")
    for side in ("min", "max"):
        rules["columns"][0] = {"name": "a", "type": "number", side: limit}
        pod.upload("1.parquet", pl.DataFrame({"a": [limit]}).cast(dtype))
        ended, _ = pod.profile(rules, **PARQUET)
        assert ended.words["verdict"] == "Valid", ended
        beyond = limit + (1e-5 if side == "max" else -1e-5) * abs(limit)
        pod.upload("1.parquet", pl.DataFrame({"a": [beyond]}).cast(dtype))
        ended, _ = pod.profile(rules, **PARQUET)
        assert ended.reason == side.title()


@pytest.mark.parametrize("limit", LIMITS)
def test_a_value_at_its_limit_passes_from_a_client_of_any_precision(limit: float) -> None:
    rules = Rules([Feature(name="a", type="number", min=limit, max=limit)])
    sent = np.array([limit, float(np.float32(limit))])
    assert rules.broken({"a": sent}) == {}
    assert set(rules.broken({"a": sent + 1e-5})) == {"a/Max"}
    assert set(rules.broken({"a": sent - 1e-5})) == {"a/Min"}


@pytest.mark.parametrize("limit", [0.0, 5.0, 2.0**24 + 1, 2.0**53, 1e300, -1e300])
def test_a_whole_limit_is_exact(limit: float) -> None:
    assert widened(limit, up=True) == widened(limit, up=False) == limit
