"""kubectl for tests: objects in, objects or the API server's refusal out."""

import json
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hack.generate import crd
from tests.chart import helm

Object = dict[str, Any]
ADMISSION = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


class Refused(Exception):
    """The API server said no; the message is its own."""


def kubectl(*words: str, stdin: str | None = None) -> str:
    """Run kubectl against the cluster of $KUBECONFIG and return what it printed."""
    done = subprocess.run(["kubectl", *words], input=stdin, capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout


def apply(obj: Object) -> Object:
    """Apply an object server-side and return it as stored."""
    words = ("apply", "--server-side", "--force-conflicts", "--field-manager", "plumbline-tests")
    return json.loads(kubectl(*words, "-o", "json", "-f", "-", stdin=json.dumps(obj)))


def ensure_crds() -> None:
    """Install the CRDs where the chart has not; whoever applies a CRD owns it, so never twice."""
    names = [definition["metadata"]["name"] for definition in crd.definitions()]
    for name, definition in zip(names, crd.definitions(), strict=True):
        if not get("default", "crd", name):
            apply(definition)
    kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", *names)


def ensure_admission() -> None:
    """Install the chart's admission policies where the chart has not."""
    for obj in helm.render():
        if obj["kind"] in ADMISSION and not get("default", obj["kind"], obj["metadata"]["name"]):
            apply(obj)


def get(namespace: str, kind: str, name: str) -> Object:
    """Return an object, or an empty one if there is none."""
    text = kubectl("-n", namespace, "get", kind, name, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text else {}


def try_status(obj: Object, status: Object) -> Object:
    """Return what an object would be with another status; nothing is stored."""
    metadata = {key: obj["metadata"][key] for key in ("name", "namespace")}
    body = {**obj, "metadata": metadata, "status": status}
    words = ("replace", "--subresource=status", "--dry-run=server", "-o", "json", "-f", "-")
    return json.loads(kubectl(*words, stdin=json.dumps(body)))


def until(seconds: float, what: Callable[[], Any]) -> Any:
    """Return the first truthy answer within some seconds, or fail."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return answer


@contextmanager
def namespace(prefix: str = "test") -> Iterator[str]:
    """Make a namespace of its own and remove it, with all that is in it, at the end."""
    name = f"{prefix}-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, "labels": RESTRICTED}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")
