"""The folder operator/ must stay a plain folder."""

import operator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_folder_operator_does_not_hide_the_module_operator() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()
    assert operator.add(1, 1) == 2
