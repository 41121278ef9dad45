"""Fixtures for the steps of Jobs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.jobs import pods

# As the steps' entry does, but before any test imports scikit-learn.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pods.Pods]:
    with pods.pods(tmp_path, monkeypatch) as made:
        yield made
