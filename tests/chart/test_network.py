"""The chart's NetworkPolicies bite, and cut off nothing that is needed. Needs `make deploy`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.helm import PATH, helm
from tests.chart.kubectl import apply, get, kubectl, namespace, until

pytestmark = pytest.mark.cluster
HOME = "plumbline-system"
STORE = f"plumbline-store.{HOME}.svc:7070"
API = "kubernetes.default.svc:443"
# Tries until the first success, or a few times: a policy takes a moment to reach the node.
SCRIPT = """
import socket, sys, time
wanted, host, port = sys.argv[1], *sys.argv[2].rsplit(":", 1)
deadline, seen = time.monotonic() + 30, None
while time.monotonic() < deadline:
    try:
        socket.create_connection((host, int(port)), 2).close()
        seen = "open"
    except OSError as error:
        seen = "closed"
    if seen == wanted:
        sys.exit(0)
    time.sleep(0.2)
sys.exit(f"{host}:{port} is {seen}")
"""
LISTENER = """
import signal, socket
servers = [socket.create_server(("", port)) for port in (8080, 9090)]
signal.pause()
"""
"""Listens on both of a server's ports; the kernel greets those who knock."""


def pod(ns: str, name: str, component: str | None, *command: str) -> dict[str, Any]:
    """Return a restricted pod that runs Python in the operator's image."""
    operator = get(HOME, "deployment", "plumbline-operator")["spec"]["template"]["spec"]
    labels = {"app.kubernetes.io/managed-by": "plumbline", "app.kubernetes.io/component": component}
    container = {
        "name": "python",
        "image": operator["containers"][0]["image"],
        "imagePullPolicy": operator["containers"][0]["imagePullPolicy"],
        "command": ["python", "-c", *command],
        "securityContext": operator["containers"][0]["securityContext"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": ns, "labels": labels if component else {}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": operator["securityContext"],
            "containers": [container],
        },
    }


@pytest.fixture(scope="module", name="ns")
def _ns() -> Iterator[str]:
    """Return a namespace that Plumbline works in, with a pod that poses as a server."""
    values = ("get", "values", "plumbline", "--namespace", HOME, "-o", "json")
    before = json.loads(helm(*values))["namespaces"]
    release = ("upgrade", "plumbline", PATH, "--namespace", HOME, "--reuse-values", "--set")
    with namespace("net") as name:
        helm(*release, f"namespaces={{{','.join([*before, name])}}}")
        apply(pod(name, "server", "server", LISTENER))
        kubectl("-n", name, "wait", "pod/server", "--for=condition=Ready", "--timeout=60s")
        yield name
        helm(*release, f"namespaces={{{','.join(before)}}}")
    kubectl("-n", HOME, "rollout", "status", "deployment/plumbline-store", "--timeout=120s")


CASES = [
    ("train", "store", "open"),
    ("train", "api", "closed"),
    ("train", "clients", "closed"),
    ("judge", "store", "open"),
    ("judge", "api", "closed"),
    ("profile", "store", "open"),
    ("profile", "api", "open"),
    ("server", "store", "open"),
    ("server", "clients", "open"),
    ("server", "admin", "closed"),
    (None, "store", "closed"),
    (None, "clients", "open"),
    (None, "admin", "closed"),
]


@pytest.fixture(scope="module", name="verdicts")
def _verdicts(ns: str) -> dict[tuple[str | None, str], str]:
    """Return what each try ended with: all pods run at the same time."""
    server = get(ns, "pod", "server")["status"]["podIP"]
    places = {"store": STORE, "api": API, "clients": f"{server}:8080", "admin": f"{server}:9090"}
    names = {case: f"try-{number}" for number, case in enumerate(CASES)}
    for (component, place, wanted), name in names.items():
        apply(pod(ns, name, component, SCRIPT, wanted, places[place]))
    return {case[:2]: _end(ns, name) for case, name in names.items()}


def _end(ns: str, name: str) -> str:
    """Return how a pod ended and what it said."""
    done = ("Succeeded", "Failed")
    phase = until(90, lambda: _phase(ns, name) in done and _phase(ns, name))
    return f"{phase} {kubectl('-n', ns, 'logs', name)}".strip()


def _phase(ns: str, name: str) -> str:
    return get(ns, "pod", name)["status"].get("phase", "")


@pytest.mark.parametrize(("component", "place", "wanted"), CASES)
def test_a_pod_reaches_what_it_needs_and_nothing_else(component, place, wanted, verdicts):
    assert verdicts[(component, place)] == "Succeeded", wanted
