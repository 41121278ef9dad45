"""A limit lets in the nearest number of 32 bits, and counts stay exact."""

import numpy as np
import pytest
from plumbline.contract.limits import widened


@pytest.mark.parametrize("limit", [0.1, 0.7, 0.3, 1e-3, 123.456, -0.1])
def test_a_limit_lets_in_what_32_bits_can_keep_and_is_no_wider(limit: float) -> None:
    near = float(np.float32(limit))
    assert widened(limit, up=True) == max(limit, near)
    assert widened(limit, up=False) == min(limit, near)


def test_a_whole_limit_stays_as_it_is() -> None:
    assert [widened(16777217.0, up=up) for up in (True, False)] == [16777217.0] * 2
