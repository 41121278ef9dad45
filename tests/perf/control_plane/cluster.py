"""A real etcd and kube-apiserver and nothing else: no controller finishes or removes anything."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "hack" / "testbed"))

import addons  # noqa: E402
import build  # noqa: E402
import control_plane  # noqa: E402
import network  # noqa: E402
import pki  # noqa: E402
import teardown  # noqa: E402
from paths import Cluster  # noqa: E402
from processes import is_ours  # noqa: E402
from shell import wait  # noqa: E402

NAME, NET = "pf", 4
CONTROLLERS = ("controller-manager", "scheduler")


@contextlib.contextmanager
def fresh() -> Iterator[Path]:
    """Bring an empty API server up with our CRDs, yield its kubeconfig, and remove every trace."""
    cluster = Cluster(NAME, NET)
    build.build()
    teardown.down(cluster, keep=False)
    try:
        cluster.state.mkdir(parents=True)
        pki.make(cluster)
        network.up(cluster)
        control_plane.up(cluster)
        for name in CONTROLLERS:
            _end(cluster, name)
        _install_crds(cluster)
        yield cluster.kubeconfig
    finally:
        teardown.down(cluster, keep=False)


def _end(cluster: Cluster, name: str) -> None:
    """End a controller: the driver plays its part."""
    pid = int((cluster.state / "pid" / name).read_text())
    wait(f"{name} to start", lambda: is_ours(cluster, pid))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    (cluster.state / "pid" / name).unlink()


def _install_crds(cluster: Cluster) -> None:
    addons.kubectl(cluster, "apply", "--server-side", "-f", str(ROOT / "crds"))
    addons.kubectl(cluster, "wait", "--for=condition=Established", "crd", "--all")


def make_namespace(name: str) -> None:
    """Make the namespace that both operators work in."""
    addons.kubectl(Cluster(NAME, NET), "create", "namespace", name)


def version() -> str:
    """Return the version of Kubernetes that was built."""
    return build.KUBERNETES
