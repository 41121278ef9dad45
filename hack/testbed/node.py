"""A node: containerd, the kubelet and kube-proxy in their own network namespace."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from paths import BIN, HERE, Cluster
from processes import must_run, start
from shell import TestbedError, run, wait

CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = {"cpu", "cpuset", "hugetlb", "memory", "pids"}


def up(cluster: Cluster, number: int, images: Iterable[Path]) -> None:
    """Start a node and import images into it."""
    folder = cluster.state / f"node{number}"
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    (folder / "containerd.toml").write_text(_template("containerd.toml", cluster, number))
    (folder / "kubelet.yaml").write_text(_template("kubelet.yaml", cluster, number))
    (folder / "cni" / "10-pods.conflist").write_text(_cni(cluster, number))
    _cgroup(cluster, number)
    _containerd(cluster, number, folder)
    for archive in images:
        load(cluster, number, archive)
    _kubelet(cluster, number, folder)


def load(cluster: Cluster, number: int, archive: Path) -> None:
    """Import an image archive unless the same content was imported before."""
    folder = cluster.state / f"node{number}"
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    mark = folder / f"imported-{archive.stem}"
    if mark.exists() and mark.read_text() == digest:
        return
    address = ("--address", folder / "containerd.sock", "--namespace", "k8s.io")
    run(BIN / "ctr", *address, "images", "import", archive)
    mark.write_text(digest)


def _containerd(cluster: Cluster, number: int, folder: Path) -> None:
    name, socket = f"containerd-{number}", folder / "containerd.sock"
    start(cluster, number, name, BIN / "containerd", "--config", folder / "containerd.toml")

    def listens() -> bool:
        must_run(cluster, name)
        ask = (BIN / "ctr", "--address", socket, "version")
        try:
            return bool(run(*ask))
        except TestbedError:
            return False

    wait(name, listens)


def _kubelet(cluster: Cluster, number: int, folder: Path) -> None:
    node = cluster.node(number)
    start(
        *(cluster, number, f"kubelet-{number}", BIN / "kubelet"),
        *("--config", folder / "kubelet.yaml", "--hostname-override", node),
        *("--kubeconfig", cluster.state / f"node{number}.kubeconfig"),
        *("--node-ip", cluster.address(number), "--root-dir", folder / "kubelet"),
        *("--cert-dir", cluster.state / "pki"),
    )
    start(
        *(cluster, number, f"proxy-{number}", BIN / "kube-proxy"),
        *("--kubeconfig", cluster.state / "proxy.kubeconfig", "--proxy-mode", "nftables"),
        *("--hostname-override", node, "--cluster-cidr", cluster.pods),
    )


def _template(name: str, cluster: Cluster, number: int) -> str:
    """Return a configuration file with the paths and addresses of the node."""
    text = (HERE / "templates" / name).read_text()
    words = {
        "@STATE@": cluster.state,
        "@FOLDER@": cluster.state / f"node{number}",
        "@BIN@": BIN,
        "@NODE@": cluster.node(number),
        "@NUMBER@": number,
        "@ADDRESS@": cluster.address(number),
        "@DNS@": cluster.dns,
    }
    for word, value in words.items():
        text = text.replace(word, str(value))
    return text


def _cni(cluster: Cluster, number: int) -> str:
    addresses = {
        "type": "host-local",
        "dataDir": str(cluster.state / f"node{number}" / "ipam"),
        "ranges": [[{"subnet": cluster.pod_range(number)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    name = f"pods-{cluster.node(number)}"
    return json.dumps({"cniVersion": "1.0.0", "name": name, "plugins": [bridge, ports]}, indent=1)


def _controllers() -> None:
    """Delegate the controllers that the kubelet needs to the cgroups below the root.

    Raises:
        TestbedError: the kernel refused, as in a container whose processes sit in its root.
    """
    there = (CGROUPS / "cgroup.controllers").read_text().split()
    for name in sorted(CONTROLLERS.intersection(there)):
        try:
            (CGROUPS / "cgroup.subtree_control").write_text(f"+{name}")
        except OSError as error:
            raise TestbedError(
                f"The cgroup of the node cannot use the controller {name}: {error}."
            ) from error


def _cgroup(cluster: Cluster, number: int) -> None:
    """Create the cgroup of the node; with version 1 its cpuset must not stay empty."""
    if (CGROUPS / "cgroup.controllers").exists():
        _controllers()
        (CGROUPS / cluster.node(number)).mkdir(exist_ok=True)
        return
    for controller in (path for path in CGROUPS.iterdir() if path.is_dir()):
        (controller / cluster.node(number)).mkdir(exist_ok=True)
    mine = CGROUPS / "cpuset" / cluster.node(number)
    for name in ("cpuset.cpus", "cpuset.mems"):
        (mine / name).write_text((CGROUPS / "cpuset" / name).read_text())
