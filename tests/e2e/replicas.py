"""The operator's replicas: who leads, the process behind a pod, and what can befall it.

A pod's process is a process of this machine; root finds it by the pod's uid in its cgroup.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.chart import helm
from tests.e2e.cluster import SYSTEM, Object, get, kubectl, listed, poll, until

NAME, LEASE = "plumbline-operator", "plumbline-operator"
CUT = """
add table ip cut
add chain ip cut out { type filter hook output priority 0; }
add rule ip cut out ip daddr API drop
"""
LABELS = "app.kubernetes.io/name=plumbline,app.kubernetes.io/component=operator"


def release(*settings: str) -> None:
    """Install the chart again with these values changed, and wait until all is up."""
    words = ("upgrade", "plumbline", helm.PATH, "--namespace", SYSTEM, "--reuse-values")
    changes = [word for setting in settings for word in ("--set-json", setting)]
    helm.helm(*words, "--force-conflicts", "--wait", "--timeout", "3m", *changes)


def pods() -> list[Object]:
    """Return the operator's pods, without those that are going."""
    found = listed("pods", LABELS, namespace=SYSTEM)
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def scaled(number: int) -> None:
    """Have this many replicas, all of them ready, one of them leading."""
    if get("deployment", NAME, namespace=SYSTEM)["spec"]["replicas"] != number:
        release(f"operator.replicas={number}")

    def are_ready() -> bool:
        found = pods()
        names = [pod["metadata"]["name"] for pod in found]
        return len(found) == number and all(map(_is_ready, found)) and leader() in names

    poll(are_ready, seconds=90, why=lambda: f"{len(pods())} replicas, {leader()} leads")


def leader() -> str:
    """Return the name of the pod that holds the Lease."""
    return get("lease", LEASE, namespace=SYSTEM)["spec"].get("holderIdentity") or ""


def pod(name: str) -> Object:
    """Return one of the operator's pods."""
    return get("pod", name, namespace=SYSTEM)


def restarts(name: str) -> int:
    """Return how often the pod's container has been started again."""
    return int(_container(name)["restartCount"])


def started_again(name: str, before: int, *, seconds: float) -> Object:
    """Wait until the pod's container has been started again; return how the last one ended."""
    until("pod", name, lambda _: restarts(name) > before, seconds=seconds, namespace=SYSTEM)
    return dict(_container(name)["lastState"]["terminated"])


def process(name: str) -> int:
    """Return the operator's process behind a pod."""
    uid = pod(name)["metadata"]["uid"]
    marks = (uid, uid.replace("-", "_"))
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            inside = any(mark in (path / "cgroup").read_text() for mark in marks)
            if inside and b"plumbline" in (path / "cmdline").read_bytes():
                return int(path.name)
    raise AssertionError(f"no process of {name} on this machine")


@contextlib.contextmanager
def frozen(number: int) -> Iterator[None]:
    """Stop a process for a while, as a machine does that has no time for it."""
    os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        wake(number)


def wake(number: int) -> None:
    """Let a stopped process go on, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGCONT)


@contextlib.contextmanager
def cut_off(number: int) -> Iterator[None]:
    """Drop, for a while, all that a pod sends to the API server; nobody tells it so."""
    api = get("service", "kubernetes", namespace="default")["spec"]["clusterIP"]
    with open(f"/proc/{number}/ns/net") as network:
        _filter(network.fileno(), CUT.replace("API", api))
        try:
            yield
        finally:
            _filter(network.fileno(), "delete table ip cut")


def log(name: str) -> str:
    """Return what the pod's last container but one has said."""
    return kubectl("logs", name, "--previous", "--namespace", SYSTEM)


def _filter(network: int, rules: str) -> None:
    """Run nft in a network namespace, given as an open file."""
    words = ("nsenter", f"--net=/proc/self/fd/{network}", "nft", rules)
    subprocess.run(words, check=True, pass_fds=(network,), timeout=30)


def _container(name: str) -> Object:
    return dict(pod(name)["status"]["containerStatuses"][0])


def _is_ready(found: Object) -> bool:
    conditions = found["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
