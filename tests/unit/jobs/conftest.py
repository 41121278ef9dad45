"""Fixtures for the steps of Jobs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.jobs import pods, runs
from tests.unit.jobs.snapshots import Snapshot, taken

# As the steps' entry does, but before any test imports scikit-learn.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pods.Pods]:
    with pods.pods(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(scope="session")
def profiled_once(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    def profile(pod: pods.Pods) -> str:
        pod.upload("1.csv", runs.rows())
        return runs.revision(pod)

    return taken(tmp_path_factory.mktemp("profiled"), profile)


@pytest.fixture
def dataset(pod: pods.Pods, profiled_once: Snapshot) -> str:
    """Have the rows of `runs` profiled, and return the digest of their manifest."""
    return profiled_once.copied_to(pod)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, profiled_once: Snapshot) -> Snapshot:
    def train(pod: pods.Pods) -> str:
        assert runs.trained(pod, _small(profiled_once.digest, pod)).code == 0
        return profiled_once.digest

    return taken(tmp_path_factory.mktemp("trained"), train, before=profiled_once)


@pytest.fixture
def trained_task(pod: pods.Pods, trained_once: Snapshot) -> dict[str, Any]:
    """Have a small model trained on `dataset`, and return the task."""
    return _small(trained_once.copied_to(pod), pod)


@pytest.fixture(scope="session")
def predicted_once(tmp_path_factory: pytest.TempPathFactory, trained_once: Snapshot) -> Snapshot:
    def predict(pod: pods.Pods) -> str:
        task = _small(trained_once.digest, pod)
        ended = runs.judged(pod, task, runs.shipped(pod).words["digest"])
        assert ended.code == 0, ended
        return trained_once.digest

    return taken(tmp_path_factory.mktemp("predicted"), predict, before=trained_once)


@pytest.fixture
def predicted(pod: pods.Pods, predicted_once: Snapshot) -> pods.Pods:
    """Return a pod in which everything up to the judge step has been run."""
    predicted_once.copied_to(pod)
    return pod


def _small(dataset: str, pod: pods.Pods) -> dict[str, Any]:
    return runs.run_task(dataset, pod, params={"max_iter": 5})
