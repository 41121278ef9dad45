"""A machine is found again as the first cluster found it, and not before the last one has gone."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "hack" / "testbed"))

import machine
import paths

VALUE, KUBELETS = "0\n", "10\n"


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a setting of the machine; its folders are in a place of their own."""
    found = tmp_path / "panic"
    found.write_text(VALUE)
    monkeypatch.setattr(machine, "RUN", tmp_path)
    monkeypatch.setattr(machine, "NETNS", tmp_path / "netns")
    monkeypatch.setattr(machine, "SETTINGS", (str(found),))
    monkeypatch.setattr(machine, "FOLDERS", (tmp_path / "cni", tmp_path / "cni" / "results"))
    return found


def arrived(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> paths.Cluster:
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    cluster = paths.Cluster(name)
    cluster.state.mkdir(parents=True)
    machine.arrive(cluster, notes=tmp_path / "notes")
    return cluster


def used(setting: Path) -> None:
    setting.write_text(KUBELETS)
    (setting.parent / "cni" / "results").mkdir(parents=True, exist_ok=True)


def test_the_kernel_panics_for_ever_after(
    tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = arrived(tmp_path, "one", monkeypatch)
    used(setting)
    machine.leave(cluster, notes=tmp_path / "notes")
    assert setting.read_text() == VALUE
    assert {path.name for path in tmp_path.iterdir()} == {"panic", "cache"}


def test_the_first_to_go_takes_what_the_other_needs(
    tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = arrived(tmp_path, "one", monkeypatch)
    used(setting)
    second = arrived(tmp_path, "two", monkeypatch)
    machine.leave(first, notes=tmp_path / "notes")
    assert setting.read_text() == KUBELETS
    machine.leave(second, notes=tmp_path / "notes")
    assert setting.read_text() == VALUE
    assert not (tmp_path / "cni").exists()


def test_a_file_of_somebody_else_goes(
    tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = arrived(tmp_path, "one", monkeypatch)
    used(setting)
    (tmp_path / "cni" / "results" / "theirs").touch()
    machine.leave(cluster, notes=tmp_path / "notes")
    assert (tmp_path / "cni" / "results" / "theirs").exists()
