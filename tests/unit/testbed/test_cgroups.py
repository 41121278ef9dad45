"""A node's cgroup is what the kubelet demands, on machines of today and of yesterday."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "hack" / "testbed"))

import machine
import node
import paths
import shell

KUBELETS = {"cpu", "cpuset", "memory", "pids"}


class Control(type(Path())):
    """A file that takes `+name` and `-name`, as the kernel's cgroup.subtree_control does."""

    def write_text(self, text: str, *_: object, **__: object) -> int:
        names = set(self.read_text().split())
        names = names | {text[1:]} if text[0] == "+" else names - {text[1:]}
        return Path(self).write_bytes(" ".join(sorted(names)).encode())

    def __truediv__(self, key: str) -> Path:
        found = Path(self) / key
        return Control(found) if key == "cgroup.subtree_control" else found


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of version 2, which hands down little, as systemd leaves it."""
    (tmp_path / "cgroup.controllers").write_text("cpu cpuset io memory pids rdma\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    monkeypatch.setattr(node, "CGROUPS", Control(tmp_path))
    monkeypatch.setattr(machine, "CONTROLLERS", Control(tmp_path / "cgroup.subtree_control"))
    return tmp_path


def handed_down(root: Path) -> set[str]:
    return set((root / "cgroup.subtree_control").read_text().split())


def test_the_kubelet_of_a_machine_with_version_2_finds_its_cgroup(root: Path) -> None:
    node._cgroup(paths.Cluster("one"), 1)
    assert (root / "one-1").is_dir()
    assert handed_down(root) == KUBELETS


def test_the_machine_hands_down_what_it_did_before(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "SETTINGS", ())
    monkeypatch.setattr(machine, "FOLDERS", ())
    found = machine._found()
    node._cgroup(paths.Cluster("one"), 1)
    machine._put_back({**found, "unmounted": []})
    assert handed_down(root) == {"memory", "pids"}


def test_a_kernel_that_refuses_is_quoted(root: Path) -> None:
    (root / "cgroup.subtree_control").unlink()
    with pytest.raises(shell.TestbedError, match="cannot use the controller cpu"):
        node._cgroup(paths.Cluster("one"), 1)
