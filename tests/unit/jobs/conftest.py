"""Fixtures for the steps of Jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.jobs import pods


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pods.Pods]:
    with pods.pods(tmp_path, monkeypatch) as made:
        yield made
