"""Starts the processes of a cluster in the networks of their nodes, and records them."""

import os
import subprocess
from pathlib import Path

from paths import BIN, Cluster
from shell import TestbedError


def start(cluster: Cluster, number: int, name: str, *words: str | Path) -> None:
    """Start a process in the network namespace of a node, in its own session.

    `nsenter` and not `ip netns exec`: the latter mounts a fresh /sys and hides the cgroups.
    """
    logs, pids = cluster.state / "log", cluster.state / "pid"
    logs.mkdir(parents=True, exist_ok=True)
    pids.mkdir(parents=True, exist_ok=True)
    namespace = f"--net=/run/netns/{cluster.node(number)}"
    with (logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            ["nsenter", namespace, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=cluster.state,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        )
    (pids / name).write_text(str(process.pid))


def is_running(cluster: Cluster, name: str) -> bool:
    """Return whether a process runs, in the network where it was started."""
    path = cluster.state / "pid" / name
    return path.exists() and is_ours(cluster, int(path.read_text()))


def all_run(cluster: Cluster) -> bool:
    """Return whether every process of at least this many nodes runs."""
    names = [path.name for path in (cluster.state / "pid").glob("*")]
    nodes = sum(name.startswith("kubelet-") for name in names)
    return nodes >= cluster.nodes and all(is_running(cluster, name) for name in names)


def is_ours(cluster: Cluster, pid: int) -> bool:
    """Return whether a process is in one of the network namespaces of the cluster."""
    try:
        inode = os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return False
    return inode in {
        path.stat().st_ino for path in Path("/run/netns").glob(f"{cluster.name}-[0-9]*")
    }


def was_started(cluster: Cluster, pid: int) -> bool:
    """Return whether a recorded process is still the same one, also without its network's name."""
    try:
        return is_ours(cluster, pid) or os.readlink(f"/proc/{pid}/cwd") == str(cluster.state)
    except OSError:
        return False


def log_tail(cluster: Cluster, name: str) -> str:
    """Return the end of a process's log."""
    path = cluster.state / "log" / f"{name}.log"
    return path.read_text(errors="replace")[-1500:] if path.exists() else ""


def must_run(cluster: Cluster, name: str) -> None:
    """Check that a process still runs.

    Raises:
        TestbedError: it has; the message holds the end of its log.
    """
    pid = (cluster.state / "pid" / name).read_text()
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        state = "Z"
    if state == "Z":
        raise TestbedError(f"{name} has ended. The end of its log:\n{log_tail(cluster, name)}")
