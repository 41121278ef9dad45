"""What the end-to-end tests do to a cluster: kubectl, the store, and requests to a model."""

import base64
import contextlib
import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import obstore
from obstore.store import S3Store

NAMESPACE, SYSTEM, BUCKET = "plumbline-e2e", "plumbline-system", "plumbline-e2e-raw"
API = "plumbline.dev/v1alpha1"
STORE = f"http://plumbline-store.{SYSTEM}.svc:7070"
Object = dict[str, Any]


def run(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run kubectl in the tests' namespace."""
    return subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def kubectl(*words: str, stdin: str | None = None) -> str:
    """Run kubectl and return what it printed; fail with what it complained about."""
    done = run(*words, stdin=stdin)
    assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
    return done.stdout


def apply(*manifests: Object) -> None:
    """Apply objects server-side."""
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))


def refusal(manifest: Object) -> str:
    """Return why the API server does not take an object."""
    done = run("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=json.dumps(manifest))
    assert done.returncode != 0, "the API server took it"
    return done.stderr


def get(kind: str, name: str, *, namespace: str = NAMESPACE) -> Object:
    """Return an object, or an empty one."""
    text = kubectl("get", kind, name, "--ignore-not-found", "-o", "json", "--namespace", namespace)
    return json.loads(text) if text else {}


def listed(kind: str, labels: str, *, namespace: str = NAMESPACE) -> list[Object]:
    """Return the objects with these labels."""
    words = ("get", kind, "-l", labels, "-o", "json", "--namespace", namespace)
    return json.loads(kubectl(*words))["items"]


def everything(kinds: str, *, everywhere: bool = False) -> list[Object]:
    """Return all objects of some kinds, here or in every namespace."""
    where = ("--all-namespaces",) if everywhere else ()
    return json.loads(kubectl("get", kinds, "-o", "json", *where))["items"]


def condition(obj: Object, type_: str) -> Object:
    """Return a condition of an object, or an empty one."""
    found = [c for c in obj.get("status", {}).get("conditions", ()) if c["type"] == type_]
    return found[0] if found else {}


def poll(look: Callable[[], Any], *, seconds: float, why: Callable[[], str]) -> Any:
    """Look until there is something to see, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s: {why()}"
        time.sleep(0.3)
    return found


def until(
    kind: str,
    name: str,
    wanted: Callable[[Object], Any],
    *,
    seconds: float = 120,
    namespace: str = NAMESPACE,
) -> Object:
    """Return an object as soon as it is as wanted."""
    seen: Object = {}

    def look() -> Object | None:
        nonlocal seen
        seen = get(kind, name, namespace=namespace)
        return seen if seen and wanted(seen) else None

    def why() -> str:
        return f"{kind}/{name} says {json.dumps(seen.get('status'), indent=1)}"

    return poll(look, seconds=seconds, why=why)


def says(reason: str, *, type_: str | None = None) -> Callable[[Object], bool]:
    """Return a predicate: some condition (or the one of this type) gives this reason."""

    def is_said(obj: Object) -> bool:
        found = obj.get("status", {}).get("conditions", ())
        return any(c["reason"] == reason and c["type"] == (type_ or c["type"]) for c in found)

    return is_said


def message(obj: Object, reason: str) -> str:
    """Return the message of the condition with this reason."""
    return next(c["message"] for c in obj["status"]["conditions"] if c["reason"] == reason)


def is_ready(obj: Object) -> bool:
    """Tell whether an object keeps its promise as it is asked now."""
    current = obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"]
    return current and condition(obj, "Ready").get("status") == "True"


def credentials() -> dict[str, str]:
    """Return the namespace's own store credentials."""
    data = get("secret", "plumbline-store")["data"]
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


@contextlib.contextmanager
def forwarded(service: str, port: int, *, namespace: str) -> Iterator[int]:
    """Forward a local port to a Service and yield its number."""
    words = ["kubectl", "-n", namespace, "port-forward", f"service/{service}", f":{port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            yield int(line.split("->")[0].strip().rsplit(":", 1)[-1])
        finally:
            process.terminate()


def bucket(name: str, port: int) -> S3Store:
    """Return a bucket of the store behind a local port; made unless it exists."""
    keys = credentials()
    store = S3Store(
        name,
        endpoint=f"http://127.0.0.1:{port}",
        access_key_id=keys["AWS_ACCESS_KEY_ID"],
        secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )
    url = obstore.sign(store, "PUT", "", timedelta(minutes=5))
    try:
        urlopen(Request(url, data=b"", method="PUT"), timeout=30).close()
    except HTTPError as error:
        error.close()
    return store


def address(name: str) -> str:
    """Return where this host reaches a model's Service."""
    return f"http://{get('service', name)['spec']['clusterIP']}"


def call(url: str, body: Object | bytes | None = None) -> tuple[int, Object]:
    """Send a request and return the status and the answer; bytes go out as they are."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = Request(url, data=data, headers={"content-type": "application/json"})
    try:
        with urlopen(request, timeout=15) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def apply_in(namespace: str, manifest: Object) -> None:
    """Apply an object in another namespace."""
    words = ("--namespace", namespace, "apply", "--server-side", "-f", "-")
    kubectl(*words, stdin=json.dumps(manifest))


def pour(url: str, size: int) -> tuple[int, Object]:
    """Send a body of spaces; a server that has heard enough may stop listening to it."""
    host, _, path = url.removeprefix("http://").partition("/")
    line = http.client.HTTPConnection(host, timeout=15)
    with contextlib.closing(line):
        line.putrequest("POST", f"/{path}")
        line.putheader("content-length", str(size))
        line.endheaders()
        with contextlib.suppress(ConnectionError):
            line.send(b" " * size)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())
