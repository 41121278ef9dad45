"""Stops a cluster and removes all but the cache: processes, mounts, links, cgroups and files.

Only what is ours is touched: a process must have been started by us or sit in one of the cluster's
network namespaces or cgroups, a mount or link must point into the cluster's state.
"""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

import machine
from paths import Cluster
from processes import is_ours, was_started
from shell import TestbedError, run, wait

# The kubelet first, so that it restarts nothing; etcd last.
ORDER = ("kubelet", "netpol", "proxy", "scheduler", "controller", "containerd", "apiserver", "etcd")


def down(cluster: Cluster, *, keep: bool) -> None:
    """Stop the cluster; with `keep` its state stays, so that it can be started again."""
    (cluster.state / "up").unlink(missing_ok=True)
    for prefix in ORDER:
        _end(cluster, prefix)
    _kill(cluster)
    shutil.rmtree(cluster.state / "pid", ignore_errors=True)
    _unmount(cluster)
    _unlink(cluster)
    _cgroups(cluster)
    for namespace in Path("/run/netns").glob(f"{cluster.name}-[0-9]*"):
        run("ip", "netns", "delete", namespace.name, check=False)
    for link in Path("/sys/class/net").glob(f"{cluster.name}-v[0-9]*"):
        run("ip", "link", "delete", link.name, check=False)
    run("ip", "link", "delete", cluster.bridge, check=False)
    machine.leave(cluster)
    _forget(cluster, keep=keep)


def _end(cluster: Cluster, prefix: str) -> None:
    """Ask the processes of that name to end, and wait a little."""
    for pid in _started(cluster, prefix):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(TestbedError):
        wait(prefix, lambda: not _started(cluster, prefix), seconds=4)


def _started(cluster: Cluster, prefix: str = "") -> set[int]:
    """Return the processes that were recorded at their start and still run."""
    paths = (cluster.state / "pid").glob(f"{prefix}*")
    return {pid for path in paths for pid in _pids(path) if was_started(cluster, pid)}


def _kill(cluster: Cluster) -> None:
    """Kill what is left: pods, their shims, and all other processes in our networks."""

    def gone() -> bool:
        pids = _remaining(cluster)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    wait("the cluster's processes to end", gone, seconds=30)


def _remaining(cluster: Cluster) -> set[int]:
    found = _started(cluster)
    found |= {pid for path in _cgroup_folders(cluster) for pid in _pids(path / "cgroup.procs")}
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        if is_ours(cluster, pid) or _is_our_shim(cluster, process):
            found.add(pid)
    return found - {os.getpid()}


def _is_our_shim(cluster: Cluster, process: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    mine = any(word.startswith(f"{cluster.state}/") for word in words)
    return mine and "containerd-shim-runc-v2" in words[0]


def _pids(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:
        return []


def _cgroup_folders(cluster: Cluster) -> list[Path]:
    """Return the cluster's cgroups, children before parents."""
    tops = Path("/sys/fs/cgroup").glob(f"*/{cluster.name}-[0-9]*")
    alone = Path("/sys/fs/cgroup").glob(f"{cluster.name}-[0-9]*")
    folders = [Path(root) for top in (*tops, *alone) for root, _, _ in os.walk(top)]
    return sorted(folders, key=lambda path: -len(path.parts))


def _cgroups(cluster: Cluster) -> None:
    for folder in _cgroup_folders(cluster):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _unmount(cluster: Cluster) -> None:
    lines = Path("/proc/mounts").read_text().splitlines()
    mounts = [line.split()[1] for line in lines]
    for mount in sorted(mounts, reverse=True):
        if mount.startswith(f"{cluster.state}/"):
            run("umount", "--lazy", mount, check=False)


def _unlink(cluster: Cluster) -> None:
    """Remove what the kubelet, the CNI library and the shims write outside our state."""
    for link in Path("/var/log/containers").glob("*"):
        if link.is_symlink() and str(link.readlink()).startswith(f"{cluster.state}/"):
            link.unlink()
    for result in Path("/var/lib/cni/results").glob("*"):
        if f"{cluster.state}/" in result.read_text(errors="replace"):
            result.unlink()
    for bundle in cluster.state.glob("node[0-9]/run/**/bootstrap.json"):
        for socket in _sockets(bundle.read_text()):
            socket.unlink(missing_ok=True)


def _sockets(text: str) -> Iterable[Path]:
    for word in text.replace('"', " ").split():
        path = word.removeprefix("unix://")
        if path.startswith("/run/containerd/s/"):
            yield Path(path)


def _forget(cluster: Cluster, *, keep: bool) -> None:
    if not keep:
        shutil.rmtree(cluster.state, ignore_errors=True)
        return
    for node in cluster.state.glob("node[0-9]"):
        for name in ("run", "runc", "ipam", "kubelet/pods"):
            shutil.rmtree(node / name, ignore_errors=True)
        (node / "containerd.sock").unlink(missing_ok=True)
